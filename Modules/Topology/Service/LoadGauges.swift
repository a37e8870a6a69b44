import Contracts
import Core
import Synchronization
import Telemetry

/// The newest load of every machine as Prometheus metrics, made when they are asked for; a machine that is forgotten has none.
final class LoadGauges: Sendable {
    private struct Entry {
        var load: LoadReport
        var hardware: Hardware
        var measured: Timestamp
    }

    private let entries = Mutex<[Name: Entry]>([:])

    init(_ metrics: MetricsRegistry, wallClock: any WallClock) {
        func gauge(_ name: String, _ help: String, _ value: @escaping @Sendable (Entry) -> Double?) {
            metrics.gauges("gedge_site_\(name)", help: help) { [weak self] in
                self?.samples { value($0) } ?? []
            }
        }
        gauge("cpu_busy_ratio", "Share of a machine's hardware threads that is busy.") { $0.load.cpu }
        gauge("daemon_cpu_ratio", "Processor time of a daemon, in seconds a second.") { $0.load.daemonCPU }
        gauge("memory_bytes", "Memory that a machine has.") { Double($0.hardware.memory) }
        gauge("memory_available_bytes", "Memory that a new process could have.") { Double($0.load.availableMemory) }
        gauge("daemon_resident_bytes", "Resident memory of a daemon.") { Double($0.load.resident) }
        gauge("disk_free_bytes", "Free space where a daemon keeps its state.") { Double($0.load.freeDisk) }
        gauge("disk_busy_ratio", "Share of the time in which the disk of the state had something to do.") {
            $0.load.disk?.busy
        }
        gauge("report_age_seconds", "Age of the newest load that the core believed.") {
            Double(wallClock.now().milliseconds - $0.measured.milliseconds) / 1000
        }
        metrics.gauges("gedge_site_pressure_ratio", help: "Share of ten seconds in which tasks waited.") {
            [weak self] in
            self?.pressures() ?? []
        }
        metrics.gauges("gedge_site_disk_bytes_per_second", help: "What the disk of the state reads and writes.") {
            [weak self] in
            self?.labelled("direction") { entry in
                entry.load.disk.map { [("read", $0.readBytesPerSecond), ("write", $0.writtenBytesPerSecond)] } ?? []
            } ?? []
        }
        metrics.gauges("gedge_site_network_bytes_per_second", help: "What the network interfaces receive and send.") {
            [weak self] in
            self?.labelled("direction") { entry in
                [("receive", entry.load.value(of: .networkReceived)), ("send", entry.load.value(of: .networkSent))]
                    .compactMap { direction, value in value.map { (direction, $0) } }
            } ?? []
        }
        metrics.gauges("gedge_site_gpu_busy_ratio", help: "Share of the time in which a GPU computes.") { [weak self] in
            self?.labelled("gpu") { $0.load.gpus?.enumerated().map { (String($0), $1.busy) } ?? [] } ?? []
        }
        metrics.gauges("gedge_site_gpu_memory_used_bytes", help: "Memory of a GPU that is in use.") { [weak self] in
            self?.labelled("gpu") { $0.load.gpus?.enumerated().map { (String($0), Double($1.usedMemory)) } ?? [] } ?? []
        }
    }

    func set(_ name: Name, load: LoadReport, hardware: Hardware, measured: Timestamp) {
        entries.withLock { $0[name] = Entry(load: load, hardware: hardware, measured: measured) }
    }

    func remove(_ name: Name) { entries.withLock { $0[name] = nil } }

    private func samples(_ value: (Entry) -> Double?) -> [GaugeSample] {
        entries.withLock { $0 }.compactMap { name, entry in
            value(entry).map { GaugeSample(labels: ["site": name.text], value: $0) }
        }
    }

    private func labelled(_ label: String, _ values: (Entry) -> [(String, Double)]) -> [GaugeSample] {
        entries.withLock { $0 }.flatMap { name, entry in
            values(entry).map { GaugeSample(labels: ["site": name.text, label: $0], value: $1) }
        }
    }

    private func pressures() -> [GaugeSample] {
        entries.withLock { $0 }.flatMap { name, entry in
            let stalls = [
                ("cpu", entry.load.pressure?.cpu), ("memory", entry.load.pressure?.memory),
                ("io", entry.load.pressure?.io),
            ]
            return stalls.flatMap { resource, stall in
                stall.map { stall in
                    [("some", stall.some), ("full", stall.full)].map {
                        GaugeSample(labels: ["site": name.text, "resource": resource, "kind": $0], value: $1)
                    }
                } ?? []
            }
        }
    }
}
