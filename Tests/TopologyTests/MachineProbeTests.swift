import Contracts
import Foundation
import TestKit
import Testing

@testable import Topology

/// The probes read this very machine, so they are compared with what Foundation and the kernel's own files say of it.
@Suite struct MachineProbeTests {
    @Test func hardwareAgreesWithFoundation() {
        let hardware = MachineProbe().hardware()
        #expect((1...ProcessInfo.processInfo.processorCount).contains(hardware.threads))
        #expect(hardware.memory > 0 && hardware.memory <= Int64(ProcessInfo.processInfo.physicalMemory))
        #expect(hardware.hostname == ProcessInfo.processInfo.hostName)
        #expect(!hardware.processor.isEmpty && !hardware.architecture.isEmpty)
    }

    @Test func theLoadOfThisMachineCanBe() async throws {
        let directory = try TemporaryDirectory()
        let sampler = LoadSampler(directory: directory.path)
        _ = await sampler.load()
        let load = await sampler.load()
        #expect(LoadPlausibility.fault(load, on: MachineProbe().hardware()) == nil)
        #expect(load.availableMemory > 0 && load.freeDisk > 0 && load.resident > 1 << 20)
    }

    @Test func everythingThisKernelTellsIsRead() throws {
        let reading = LoadProbe(directory: "/").read()
        #expect(reading.processors.map { $0.total > $0.busy && $0.busy > 0 } == true)
        #expect((reading.pressure?.cpu == nil) == !FileManager.default.isReadableFile(atPath: "/proc/pressure/cpu"))
        #expect(reading.processSeconds.map { $0 > 0 } == true)
        let interfaces = try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net").filter { $0 != "lo" }
        #expect(Set((reading.interfaces ?? []).map(\.name)).isSubset(of: interfaces))
        #expect((reading.interfaces ?? []).isEmpty == interfaces.isEmpty)
    }

    @Test func whatIsNotThereIsNotRead() {
        #expect(KernelFile("/proc/pressure/none") == nil)
        #expect(KernelFile("/nonexistent/file") == nil)
        #expect(DiskDevice.statisticsPath(of: "/nonexistent") == nil)
        #expect(DiskDevice.statisticsPath(of: "/proc") == nil)
        #expect(NVML(library: "libgedge-no-such-library.so.1") == nil)
        #expect(NVML(library: "libc.so.6") == nil)
    }

    @Test(arguments: [("0-3", 4), ("0", 1), ("0-1,4,8-9", 5), ("", 0)])
    func kernelListsAreCounted(list: String, count: Int) {
        #expect(MachineProbe.count(ofList: list) == count)
    }
}
