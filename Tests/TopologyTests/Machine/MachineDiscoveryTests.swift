import Contracts
import Foundation
import TestKit
import Testing

@testable import Topology

@Suite struct MachineDiscoveryTests {
    /// The kernel's own files are the oracle.
    @Test func thisMachineIsWhatTheKernelSays() throws {
        let machine = try MachineDiscovery.thisMachine()
        #expect(machine.threads.count == MachineProbe().hardware().threads)
        for thread in machine.threads {
            let path = "/sys/devices/system/cpu/cpu\(thread.number)/topology/physical_package_id"
            if let package = ProcFile.text(path).flatMap({ Int($0.prefix { $0.isNumber }) }) {
                #expect(thread.package == package)
            }
        }
        #expect(machine.numaNodes.allSatisfy { $0.memory > 0 })
        #expect(Set(machine.threads.map(\.numaNode)).isSubset(of: machine.numaNodes.map(\.number)))
    }

    @Test func aHostOfTwoSocketsWithGPUs() throws {
        let machine = try MachineData.machine("gpu-host")
        #expect(machine.threads.map(\.number) == Array(0..<16))
        #expect(machine.threads[9] == HardwareThread(number: 9, core: 8, package: 1, numaNode: 1))
        #expect(machine.numaNodes.map(\.distances) == [[10, 21], [21, 10]])
        #expect(machine.caches.filter { $0.level == 3 }.map(\.threads) == [Array(0..<8), Array(8..<16)])
        let gpus = machine.devices.filter { $0.kind == .gpu }
        // A GPU with three names is one; one that no driver has is there too; a console's adapter is none.
        #expect(gpus.map(\.name) == ["cuda0", "cuda1", "cuda2", "0000:b1:00.0"])
        #expect(gpus.map(\.numaNode) == [0, 0, 1, 1])
        #expect(gpus[0].memory == 40 << 30 && gpus[0].vendor == "10de")
        #expect(machine.devices.filter { $0.kind == .network }.map(\.name) == ["eth0", "eth2", "eth1"])
        let disk = try #require(machine.devices.first { $0.kind == .storage })
        #expect(disk.model == "Disk 990" && disk.numaNode == 0 && disk.memory == 3_750_738_264 << 10)
        let console = try #require(machine.devices.first { $0.name == "card9" })
        #expect(console.kind == .other && console.numaNode == nil)
    }

    @Test func memoryBesideTheOrdinaryHasNoThreads() throws {
        let machine = try MachineData.machine("memory-beside")
        #expect(Set(machine.threads.map(\.numaNode)) == [0, 2, 4, 6])
        let beside = machine.numaNodes.filter { $0.kind == "HBM" }
        #expect(beside.map(\.number) == [1, 3, 5, 7])
        #expect(beside.map(\.nearest) == [0, 2, 4, 6])
        #expect(machine.numaNodes[0].kind == nil && machine.numaNodes[0].nearest == nil)
    }

    @Test(arguments: [
        ("pack:2 numa:2 core:4 pu:2", 32, 16, 2, 4), ("pack:1 core:6 pu:1", 6, 6, 1, 1), ("pu:3", 3, 3, 1, 1),
        ("numa:3 pu:2", 6, 6, 1, 3), ("pack:2 [numa] [numa] core:2 pu:2", 8, 4, 2, 4),
        ("pack:4 die:2 [numa] l3:2 core:8 pu:2", 256, 128, 4, 8),
    ])
    func syntheticMachines(description: String, threads: Int, cores: Int, packages: Int, nodes: Int) throws {
        let machine = try MachineDiscovery.machine(synthetic: description)
        #expect(machine.threads.count == threads)
        #expect(Set(machine.threads.map(\.core)).count == cores)
        #expect(Set(machine.threads.map(\.package)).count == packages)
        #expect(machine.numaNodes.count == nodes)
        let json = try JSONEncoder().encode(machine)
        #expect(try JSONDecoder().decode(Machine.self, from: json) == machine)
    }

    @Test(arguments: ["", "foo", "pack:0", "pack:-1 pu:2", "pu:1000000000", "pack:100 core:100 pu:2", "pack:2 numa:2("])
    func whatIsNoMachineIsRefused(description: String) {
        #expect { try MachineDiscovery.machine(synthetic: description) } throws: {
            ($0 as? TopologyError)?.code == "invalid"
        }
    }

    @Test func virtualFunctionsAreReadFromTheKernel() throws {
        let root = try TemporaryDirectory()
        for (file, text) in [("sriov_totalvfs", "64\n"), ("sriov_numvfs", "2\n")] {
            let directory = root.file("0000:1a:00.0")
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try text.write(toFile: "\(directory)/\(file)", atomically: true, encoding: .utf8)
        }
        let function = root.file("0000:1a:00.2")
        try FileManager.default.createDirectory(atPath: function, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(function)/physfn", withDestinationPath: "../0000:1a:00.0")
        let probe = VirtualFunctionProbe(directory: root.path)
        let devices = try MachineData.machine("gpu-host").devices.map(probe.described)
        let card = try #require(devices.first { $0.address == "0000:1a:00.0" })
        #expect(card.virtualFunctions == Device.VirtualFunctions(most: 64, active: 2))
        #expect(devices.first { $0.address == "0000:1a:00.2" }?.physicalFunction == "0000:1a:00.0")
        #expect(devices.first { $0.address == "0000:b5:00.0" }?.virtualFunctions == nil)
    }

    @Test func theLeastLimitOfTheGroupsCounts() throws {
        let root = try TemporaryDirectory()
        for (directory, text) in [("", "max"), ("/a", "1000\n"), ("/a/b", "5000\n"), ("/memory/c", "700\n")] {
            try FileManager.default.createDirectory(atPath: root.path + directory, withIntermediateDirectories: true)
            let file = directory.hasPrefix("/memory") ? "memory.limit_in_bytes" : "memory.max"
            try text.write(toFile: "\(root.path)\(directory)/\(file)", atomically: true, encoding: .utf8)
        }
        #expect(ControlGroup.leastMemoryLimit(mount: root.path, membership: "0::/a/b\n") == 1000)
        #expect(ControlGroup.leastMemoryLimit(mount: root.path, membership: "4:memory:/c\n0::/a/b\n") == 700)
        #expect(ControlGroup.leastMemoryLimit(mount: root.path, membership: "0::/\n") == nil)
        #expect(ControlGroup.leastMemoryLimit(mount: root.path, membership: "nonsense") == nil)
        #expect(ControlGroup.ancestors("/a/b") == ["/a/b", "/a", ""])
    }
}
