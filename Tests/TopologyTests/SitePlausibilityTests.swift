import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import Topology

@Suite struct SitePlausibilityTests {
    private static let machine = Machine(
        threads: (0..<4).map { HardwareThread(number: $0, core: $0 / 2, package: 0, numaNode: 0) },
        numaNodes: [NUMANode(number: 0, memory: 1 << 30, distances: [10])],
        caches: [Cache(level: 2, bytes: 1 << 20, threads: [0, 1, 2, 3])],
        devices: [Device(kind: .gpu, name: "cuda0", numaNode: 0, memory: 1 << 34)], memoryLimit: 1 << 30)

    private static func report(_ change: (inout SiteReport) throws -> Void) rethrows -> SiteReport {
        var report = sound
        try change(&report)
        return report
    }

    private static var sound: SiteReport {
        var report = SiteReport.sample
        report.machine = machine
        report.labels = ["zone": "seoul", "example.org/tier": ""]
        report.allocatable = Allocatable(
            milliCPUs: 1500, memory: 1 << 29, gpus: 1,
            domains: [.init(numaNode: 0, threads: 3, memory: 1 << 29, gpus: 1)])
        return report
    }

    @Test func theMachinesThatThereAreAreTaken() throws {
        #expect(SitePlausibility.fault(Self.sound) == nil)
        for name in ["gpu-host", "memory-beside", "two-sockets"] {
            let machine = try MachineData.machine(name)
            #expect(SitePlausibility.fault(Self.report { $0.machine = machine }) == nil, "\(name)")
        }
        let this = try MachineDiscovery.thisMachine()
        #expect(SitePlausibility.fault(Self.report { $0.machine = this }) == nil)
    }

    /// What is changed, and the field that is to be named.
    private static let faults: [(String, @Sendable (inout SiteReport) throws -> Void)] = [
        ("hardware.hostname has 129 bytes", { $0.hardware.hostname = String(repeating: "h", count: 129) }),
        ("hardware.processor has a control character", { $0.hardware.processor = "\u{1B}[2J" }),
        ("hardware.threads is 0", { $0.hardware.threads = 0 }),
        ("hardware.threads is 9223372036854775807", { $0.hardware.threads = .max }),
        ("hardware.memory is -1 bytes", { $0.hardware.memory = -1 }),
        ("version has 100000 bytes", { $0.version = String(repeating: "1", count: 100_000) }),
        ("labels: a label's key must have", { $0.labels = ["white space": ""] }),
        ("labels: the value of label 'zone'", { $0.labels = ["zone": "-"] }),
        ("labels: there are 67 labels", { report in for index in 0..<65 { report.labels["k\(index)"] = "" } }),
        (
            "datasets[0].samples is -1",
            { $0.datasets = [DatasetSummary(name: try Name("d"), samples: -1, features: 1, classes: 1)] }
        ),
        (
            "datasets has d twice",
            {
                let data = DatasetSummary(name: try Name("d"), samples: 1, features: 1, classes: 1)
                $0.datasets = [data, data]
            }
        ),
        (
            "machine.threads are 5000",
            { $0.machine?.threads = (0..<5000).map { HardwareThread(number: $0, core: 0, package: 0, numaNode: 0) } }
        ),
        ("machine.threads has 0 twice", { $0.machine?.threads[1].number = 0 }),
        ("machine.threads[1].number is -1", { $0.machine?.threads[1].number = -1 }),
        ("machine.threads[2].numaNode is 7", { $0.machine?.threads[2].numaNode = 7 }),
        ("machine.numaNodes[0].distances must", { $0.machine?.numaNodes[0].distances = [10, 20] }),
        ("machine.numaNodes[0].nearest is 3", { $0.machine?.numaNodes[0].nearest = 3 }),
        ("machine.numaNodes[0].memory is -5 bytes", { $0.machine?.numaNodes[0].memory = -5 }),
        ("machine.caches[0].level is 99", { $0.machine?.caches[0].level = 99 }),
        ("machine.caches[0].threads has 9", { $0.machine?.caches[0].threads = [9] }),
        ("machine.caches are 17", { $0.machine?.caches = Array(repeating: machine.caches[0], count: 17) }),
        ("machine.caches name more threads", { $0.machine?.caches[0].threads = Array(repeating: 0, count: 33) }),
        ("machine.devices are 1025", { $0.machine?.devices = Array(repeating: machine.devices[0], count: 1025) }),
        (
            "the GPUs of machine.devices are 65",
            { $0.machine?.devices = Array(repeating: machine.devices[0], count: 65) }
        ),
        (
            "machine.devices[0].name has 1000000 bytes",
            { $0.machine?.devices[0].name = .init(repeating: "x", count: 1_000_000) }
        ),
        ("machine.devices[0].numaNode is 4", { $0.machine?.devices[0].numaNode = 4 }),
        (
            "machine.devices[0].virtualFunctions has 9 active of 8",
            { $0.machine?.devices[0].virtualFunctions = .init(most: 8, active: 9) }
        ),
        ("machine.memoryLimit is -1", { $0.machine?.memoryLimit = -1 }),
        ("allocatable.milliCPUs is", { $0.allocatable?.milliCPUs = .max }),
        ("allocatable.domains[0].threads is -1", { $0.allocatable?.domains[0].threads = -1 }),
        ("link.costPerGigabyte is -1.0", { $0.link = LinkReport(costPerGigabyte: -1) }),
        ("epoch is -1", { $0.epoch = -1 }),
    ]

    @Test func whatCannotBeIsNamed() throws {
        for (words, change) in Self.faults {
            let fault = SitePlausibility.fault(try Self.report(change))
            #expect(fault?.hasPrefix(words) == true, "\(fault ?? "nothing") in place of \(words)")
        }
    }

    @Test func anEdgeThatSaysWhatCannotBeIsNotAdmitted() async throws {
        let directory = try TemporaryDirectory()
        let database = try await Database.open(
            path: directory.file("core.db"), migrations: [.topology], logger: .disabled)
        try await CoreAndEdge.run(database: database) { pair in
            let huge = Self.report { $0.machine?.caches = Array(repeating: Self.machine.caches[0], count: 20_000) }
            await #expect { try await pair.join(huge) } throws: { error in
                (error as? any ModuleError)?.code == "invalid" && "\(error)".contains("machine.caches are 20000")
                    && "\(error)".contains("edge-1")
            }
            let none = try await pair.core.call(TopologyContract.snapshot, Empty()).body
            #expect(none.sites.isEmpty)
            try await pair.join(Self.sound)
            // An edge that was admitted keeps its place when it says nonsense later.
            await #expect { try await pair.join(huge) } throws: { ($0 as? any ModuleError)?.code == "invalid" }
            let kept = try await pair.site()
            #expect(kept.report.machine == Self.machine)
        }
    }

    @Test(arguments: [
        ("a", true), ("A-b_c.9", true), ("example.org/a", true), ("a1/b", true),
        (String(repeating: "k", count: 63), true),
        ("", false), ("-a", false), ("a-", false), ("a b", false), ("/a", false), ("a/", false), ("a/b/c", false),
        ("Example.org/a", false), ("a..b/c", false), ("a_b/c", false), (String(repeating: "k", count: 64), false),
        ("é", false), ("a\u{1B}", false), (String(repeating: "d", count: 254) + "/a", false),
    ])
    func keysAreThoseOfKubernetes(key: String, isSound: Bool) {
        #expect((LabelSyntax.fault(inKey: key) == nil) == isSound)
        let shown = LabelSyntax.fault(inKey: key) ?? ""
        #expect(!shown.contains("\u{1B}") && shown.utf8.count < 400)
    }
}
