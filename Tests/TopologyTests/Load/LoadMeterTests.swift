import Contracts
import Testing

@testable import Topology

@Suite struct LoadMeterTests {
    private func reading(_ seconds: Int, busy: Int64, total: Int64, received: Int64 = 0, read: Int64 = 0) -> LoadReading
    {
        var reading = LoadReading(at: .seconds(seconds))
        reading.processors = ProcessorTimes(busy: busy, total: total)
        reading.interfaces = [.init(name: "eth0", received: received, sent: 0)]
        reading.disk = DiskCounters(read: read, written: 0, busy: Int64(seconds) * 250)
        reading.processSeconds = Double(seconds) * 0.02
        return reading
    }

    @Test func ratesAreDifferencesOverTime() {
        var meter = LoadMeter(reading(0, busy: 100, total: 1000))
        let load = meter.load(reading(2, busy: 150, total: 1200, received: 5000, read: 1 << 20))
        #expect(load.cpu == 0.25)
        #expect(load.network == [InterfaceLoad(name: "eth0", receivedBytesPerSecond: 2500, sentBytesPerSecond: 0)])
        #expect(load.disk == DiskLoad(readBytesPerSecond: 524_288, writtenBytesPerSecond: 0, busy: 0.25))
        #expect(load.daemonCPU.map { abs($0 - 0.02) < 1e-9 } == true)
    }

    @Test func countersThatBeginAnewAreNoNegativeRates() {
        var meter = LoadMeter(reading(10, busy: 100, total: 1000, received: 9000, read: 9000))
        let load = meter.load(reading(11, busy: 90, total: 1100, received: 10, read: 0))
        #expect(load.cpu == 0)
        #expect(load.network?.first?.receivedBytesPerSecond == 0 && load.disk?.readBytesPerSecond == 0)
    }

    @Test func whatTheKernelDoesNotTellIsLeftOut() {
        var meter = LoadMeter(LoadReading(at: .zero))
        let load = meter.load(LoadReading(at: .seconds(1)))
        #expect(load == LoadReport(cpu: 0, availableMemory: 0, freeDisk: 0, resident: 0))
    }
}
