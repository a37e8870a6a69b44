import Contracts
import Foundation
import TestKit
import Testing

@testable import GEdgeCommand

struct TopologyCommandTests {
    private func run(_ words: [String], input: String = "", locale: String = "C.UTF-8") async -> (
        code: ExitCode, output: String, error: String
    ) {
        let output = ScriptedTerminal()
        let error = ScriptedTerminal()
        let console = Console(output: output, error: error, environment: ["LANG": locale])
        let code = await GEdge.run(["topology"] + words, console: console, host: FakeHost(input: input))
        return (code, output.text, error.text)
    }

    @Test func aMachineIsATree() async {
        let result = await run(["import", "--synthetic", "pack:2 [numa(memory=1GiB)] l3:1(size=8MiB) core:2 pu:2"])
        #expect(result.code == .success, "\(result.error)")
        #expect(
            result.output == """
                8 hardware threads, 4 cores, 2 packages, 2 NUMA nodes, 2.0 GiB
                ├─ package 0: 2 cores
                │  └─ NUMA node 0: 1.0 GiB, threads 0-3
                │     └─ L3 8.0 MiB: threads 0-3
                │        └─ 2 cores (2 threads each): 0+1 2+3
                └─ package 1: 2 cores
                   └─ NUMA node 1: 1.0 GiB, threads 4-7
                      └─ L3 8.0 MiB: threads 4-7
                         └─ 2 cores (2 threads each): 4+5 6+7

                """)
        let plain = await run(["import", "--synthetic", "core:1 pu:1"], locale: "C")
        #expect(plain.output.contains("`- package 0: 1 core\n") && plain.output.allSatisfy(\.isASCII))
    }

    @Test func devicesAndTheirCardsAreShown() {
        let machine = Contracts.Machine(
            threads: [HardwareThread(number: 0, core: 0, package: 0, numaNode: 0, rank: 1)],
            numaNodes: [
                NUMANode(number: 0, memory: 1 << 30, distances: [10, 12]),
                NUMANode(number: 1, memory: 1 << 30, distances: [12, 10], kind: "HBM", nearest: 0),
            ],
            caches: [Cache(level: 1, bytes: 32 << 10, threads: [0])],
            devices: [
                Device(
                    kind: .network, name: "eth0", address: "0000:01:00.0", numaNode: 0,
                    virtualFunctions: .init(most: 8, active: 2)),
                Device(kind: .network, name: "eth1", address: "0000:01:00.1", physicalFunction: "0000:01:00.0"),
                Device(kind: .gpu, name: "bad\u{1B}[31m", model: "X", memory: 1 << 30),
            ], memoryLimit: 1 << 20)
        #expect(
            MachineTree.lines(machine) == [
                "1 hardware thread, 1 core, 1 package, 2 NUMA nodes, 2.0 GiB, of which 1.0 MiB may be used",
                "├─ package 0: 1 core",
                "│  └─ NUMA node 0: 1.0 GiB, threads 0, distances 10 12",
                "│     ├─ 1 core (1 thread each of rank 1, L1 32.0 KiB): 0",
                "│     └─ NIC eth0 at 0000:01:00.0, 2 of 8 virtual functions",
                "├─ NUMA node 1: 1.0 GiB HBM, no threads, nearest to node 0, distances 12 10",
                "├─ NIC eth1 at 0000:01:00.1, virtual function of 0000:01:00.0",
                "└─ GPU bad\u{FFFD}[31m: X, 1.0 GiB",
            ])
        #expect(MachineTree.list([8, 0, 1, 2, 5, 8]) == "0-2,5,8")
        #expect(MachineTree.list([]) == "")
    }

    @Test func theMachineAndWhatIsAllocatableAreJSON() async throws {
        let synthetic = ["import", "--synthetic", "core:40 pu:2", "-o", "json"]
        let machine = await run(synthetic)
        #expect(try JSONDecoder().decode(Contracts.Machine.self, from: Data(machine.output.utf8)).threads.count == 80)
        struct Report: Decodable {
            let machine: Contracts.Machine
            let allocatable: Allocatable
        }
        let reserved = await run(synthetic + ["--reserved-cpu", "500m"])
        let report = try JSONDecoder().decode(Report.self, from: Data(reserved.output.utf8))
        #expect(report.allocatable.milliCPUs == 79_500 && report.allocatable.domains.map(\.threads) == [79])
        let table = await run(["import", "--synthetic", "core:40 pu:2", "--reserved-cpu", "500m"])
        #expect(table.output.contains("CPU:       79500m"))
        #expect(table.output.contains("Exclusive: 79 hardware threads; reserved: 0"))
    }

    @Test func thisMachineIsShown() async throws {
        let result = await run(["show", "-o", "json"])
        #expect(result.code == .success, "\(result.error)")
        #expect(!(try JSONDecoder().decode(Contracts.Machine.self, from: Data(result.output.utf8)).threads.isEmpty))
    }

    @Test func mistakesSayWhatToDo() async {
        let newer = await run(["import", "-"], input: #"<topology version="3.0"></topology>"#)
        #expect(newer.code == .failed && newer.error.contains("standard input") && newer.error.contains("version 3.0"))
        #expect(await run(["import"]).code == .usage)
        #expect(await run(["import", "a.xml", "--synthetic", "pu:1"]).code == .usage)
        let amount = await run(["show", "--reserved-cpu", "much"])
        #expect(amount.code == .usage && amount.error.contains("'much'"))
        #expect(await run(["import", "/no/such/file.xml"]).code == .failed)
        let tooMuch = await run(["import", "--synthetic", "pu:1", "--reserved-cpu", "2"])
        #expect(tooMuch.code == .failed && tooMuch.error.contains("more than the 1 hardware threads"))
    }
}
