import Contracts
import Core

/// Turns what the kernel counts into a load: differences over the time between two readings.
struct LoadMeter: Sendable {
    private var last: LoadReading

    init(_ first: LoadReading) { last = first }

    /// The load since the reading before. The first one after the start, or after none for a while, is over that time.
    mutating func load(_ reading: LoadReading) -> LoadReport {
        defer { last = reading }
        let seconds = (reading.at - last.at).seconds
        return LoadReport(
            cpu: cpu(reading), availableMemory: reading.availableMemory ?? 0, freeDisk: reading.freeDisk ?? 0,
            resident: reading.resident ?? 0,
            daemonCPU: rate(reading.processSeconds, last.processSeconds, seconds),
            pressure: reading.pressure, disk: disk(reading, seconds), network: network(reading, seconds),
            gpus: reading.gpus)
    }

    private func cpu(_ reading: LoadReading) -> Double {
        guard let now = reading.processors, let before = last.processors, now.total > before.total else { return 0 }
        // The kernel's counters of waiting for a disk may fall a little.
        return min(1, max(0, Double(now.busy - before.busy) / Double(now.total - before.total)))
    }

    private func disk(_ reading: LoadReading, _ seconds: Double) -> DiskLoad? {
        guard let now = reading.disk, let before = last.disk,
            let read = rate(Double(now.read), Double(before.read), seconds),
            let written = rate(Double(now.written), Double(before.written), seconds),
            let busy = rate(Double(now.busy), Double(before.busy), seconds)
        else { return nil }
        return DiskLoad(readBytesPerSecond: read, writtenBytesPerSecond: written, busy: min(1, busy / 1000))
    }

    private func network(_ reading: LoadReading, _ seconds: Double) -> [InterfaceLoad]? {
        reading.interfaces?.map { now in
            let before = last.interfaces?.first { $0.name == now.name } ?? now
            return InterfaceLoad(
                name: now.name,
                receivedBytesPerSecond: rate(Double(now.received), Double(before.received), seconds) ?? 0,
                sentBytesPerSecond: rate(Double(now.sent), Double(before.sent), seconds) ?? 0)
        }
    }

    /// Growth a second; none for a counter that began anew.
    private func rate(_ now: Double?, _ before: Double?, _ seconds: Double) -> Double? {
        guard let now, let before else { return nil }
        return seconds > 0 ? max(0, now - before) / seconds : 0
    }
}
