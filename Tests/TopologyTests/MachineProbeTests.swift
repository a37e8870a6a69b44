import Contracts
import Foundation
import Testing

@testable import Topology

/// The probe reads this very machine, so it is compared with what Foundation says of it.
@Suite struct MachineProbeTests {
    private let probe = MachineProbe(directory: "/")

    @Test func hardwareAgreesWithFoundation() {
        let hardware = probe.hardware()
        #expect((1...ProcessInfo.processInfo.processorCount).contains(hardware.threads))
        #expect(hardware.memory > 0 && hardware.memory <= Int64(ProcessInfo.processInfo.physicalMemory))
        #expect(hardware.hostname == ProcessInfo.processInfo.hostName)
        #expect(!hardware.processor.isEmpty && !hardware.architecture.isEmpty)
    }

    @Test func loadStaysInItsRanges() {
        var ticks = probe.ticks()
        let load = probe.load(since: &ticks)
        #expect((0...1).contains(load.cpu))
        #expect(load.availableMemory > 0 && load.freeDisk > 0 && load.resident > 1 << 20)
    }
}

extension MachineProbeTests {
    @Test(arguments: [("0-3", 4), ("0", 1), ("0-1,4,8-9", 5), ("", 0)])
    func kernelListsAreCounted(list: String, count: Int) {
        #expect(MachineProbe.count(ofList: list) == count)
    }
}
