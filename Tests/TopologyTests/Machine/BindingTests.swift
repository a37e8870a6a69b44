import Contracts
import Core
import Foundation
import TestKit
import Testing

@testable import Topology

@Suite struct BindingTests {
    /// hwloc would report success and bind nothing.
    @Test func nothingIsBoundByAnotherMachinesTopology() throws {
        let topology = try HwlocTopology(.synthetic("numa:2 core:2 pu:2"))
        let isThisMachine = topology.isThisMachine
        #expect(!isThisMachine)
        var code: String?
        do { try MemoryBinding.bind(toNodes: [0], of: topology) } catch { code = error.code }
        #expect(code == "unavailable")
    }

    @Test func memoryOfAThreadIsBoundOrTheReasonIsTold() async throws {
        let machine = try MachineDiscovery.thisMachine()
        let executor = ThreadExecutor(name: "bound")
        let nodes = machine.numaNodes.map(\.number)
        do {
            try await executor.run { try MemoryBinding.bindCallingThread(toNodes: nodes) }
        } catch let error as TopologyError {
            #expect(error.code == "unavailable" && error.message.count > 20)
        }
        await #expect(throws: TopologyError.self) {
            try await executor.run { try MemoryBinding.bindCallingThread(toNodes: [60_000]) }
        }
    }

    /// Files in place of the kernel's: what is written where.
    @Test func aProcessIsMovedIntoAGroupBelowTheDaemons() throws {
        let root = try TemporaryDirectory()
        let own = root.file("daemon")
        try FileManager.default.createDirectory(atPath: own + "/gedge-job_1", withIntermediateDirectories: true)
        for (path, text) in [
            ("cgroup.controllers", "cpuset cpu memory\n"), ("daemon/cgroup.subtree_control", "cpu\n"),
            ("daemon/gedge-job_1/cpuset.cpus", ""), ("daemon/gedge-job_1/cpuset.mems", ""),
            ("daemon/gedge-job_1/cgroup.procs", ""),
        ] { try text.write(toFile: root.file(path), atomically: false, encoding: .utf8) }
        let group = CpusetGroup(mount: root.path, membership: "1:cpu:/x\n0::/daemon\n")
        try group.hold(42, named: "job/1", threads: "2,3", nodes: "1")
        func text(_ path: String) throws -> String { try String(contentsOfFile: root.file(path), encoding: .utf8) }
        #expect(try text("daemon/cgroup.subtree_control").hasPrefix("+cpuset"))
        #expect(try text("daemon/gedge-job_1/cpuset.cpus") == "2,3")
        #expect(try text("daemon/gedge-job_1/cpuset.mems") == "1")
        #expect(try text("daemon/gedge-job_1/cgroup.procs") == "42")
    }

    @Test(arguments: [
        (nil, "0::/\n", "no control groups of version 2"), ("cpu memory\n", "0::/\n", "do not hold cpusets"),
        ("cpuset\n", "4:cpuset:/\n", "in no control group"), ("cpuset\n", "0::/a\n", "cgroup.subtree_control"),
    ])
    func whatIsInTheWayIsTold(controllers: String?, membership: String, reason: String) throws {
        let root = try TemporaryDirectory()
        try controllers?.write(toFile: root.file("cgroup.controllers"), atomically: false, encoding: .utf8)
        let group = CpusetGroup(mount: root.path, membership: membership)
        var told = ""
        do { try group.hold(1, named: "a", threads: "0", nodes: "") } catch { told = error.reason }
        #expect(told.contains(reason))
    }
}
