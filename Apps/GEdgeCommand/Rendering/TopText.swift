import Contracts
import Core

/// Machines and their loads in words, as `gedge top` shows them. Pure: the time is passed in.
struct TopText: Sendable {
    let palette: Palette
    /// By the core's clock, as the ages are.
    let time: Timestamp

    /// How many characters of a row tell the processors' last ten minutes.
    static let trendColumns = 10

    func columns(showsGPU: Bool) -> [String] {
        // What a narrow terminal cuts off comes last.
        ["NAME", "PHASE", "CPU", "10 MIN", "MEMORY", "PRESSURE", "NET IN", "NET OUT", "AGE"] + (showsGPU ? ["GPU"] : [])
            + ["DISK"]
    }

    /// - Parameter trend: shares of the processors, oldest first; `nil` for a machine of which it was not asked.
    func row(_ machine: MachineLoad, trend: [Double?]?, showsGPU: Bool) -> [String] {
        let load = machine.load
        let line = trend.map { Sparkline.line($0, high: 1, isUnicode: palette.isUnicode) } ?? "-"
        var cells = [
            machine.name.text, phase(machine), share(load.cpu), line, share(usedMemory(machine)),
            pressure(load.pressure), rate(load.value(of: .networkReceived)), rate(load.value(of: .networkSent)),
            age(machine),
        ]
        if showsGPU { cells.append(load.value(of: .gpuBusy).map(share) ?? "-") }
        cells.append(disk(load))
        return cells
    }

    func phase(_ machine: MachineLoad) -> String {
        guard let phase = machine.phase else { return "-" }
        guard let cordon = machine.cordon else { return phase.rawValue }
        return "\(phase.rawValue) (\(cordon.isDraining ? "draining" : "cordoned"))"
    }

    /// How old the load is, with a mark when that is too old.
    func age(_ machine: MachineLoad) -> String {
        guard let state = machine.reporting else { return "-" }
        let seconds = max(0, Double(time.milliseconds - state.measured.milliseconds) / 1000)
        let text = NumberText.fixed(seconds, digits: seconds < 10 ? 1 : 0) + " s"
        return state.staleSince == nil ? text : "\(text) stale"
    }

    func usedMemory(_ machine: MachineLoad) -> Double {
        guard machine.memory > 0 else { return 0 }
        return 1 - Double(machine.load.availableMemory) / Double(machine.memory)
    }

    /// What tasks waited for, processors, memory and disks.
    func pressure(_ pressure: Pressure?) -> String {
        guard let pressure else { return "-" }
        return [pressure.cpu, pressure.memory, pressure.io].map { stall in
            stall.map { NumberText.fixed($0.some * 100, digits: 0) } ?? "-"
        }.joined(separator: "/") + "%"
    }

    private func disk(_ load: LoadReport) -> String {
        let free = "\(NumberText.bytes(Int(load.freeDisk))) free"
        return load.disk.map { "\(share($0.busy)), \(free)" } ?? free
    }

    func share(_ value: Double) -> String { NumberText.fixed(value * 100, digits: 0) + "%" }

    func rate(_ bytesPerSecond: Double?) -> String {
        bytesPerSecond.map { "\(NumberText.bytes(Int(min($0, 1e18))))/s" } ?? "-"
    }

    /// A figure of the history as people read it.
    func value(_ value: Double, of metric: LoadMetric) -> String {
        switch metric {
        case .cpu, .cpuPressure, .memoryPressure, .ioPressure, .diskBusy, .gpuBusy, .daemonCPU:
            NumberText.fixed(value * 100, digits: 1) + "%"
        case .availableMemory, .resident, .freeDisk, .gpuMemory: NumberText.bytes(Int(min(value, 1e18)))
        case .diskRead, .diskWritten, .networkReceived, .networkSent: rate(value)
        }
    }
}
