import Contracts
import Core
import Foundation
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import Topology

/// More edges than one message could tell of.
@Suite struct ManyEdgesTests {
    /// A debug build takes its time for thousands of large machines.
    private static let patience: Duration = .seconds(120)
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ body: @Sendable (CoreAndEdge) async throws -> Void) async throws {
        let database = try await Database.open(
            path: directory.file("core.db"), migrations: [.topology], logger: .disabled)
        // Nothing grows old while two answers are compared.
        let clock = ManualWallClock(Timestamp(milliseconds: 1_700_000_000_000))
        try await CoreAndEdge.run(
            database: database, wallClock: clock, lease: .seconds(7200), identity: .operator, body)
    }

    /// A machine of two sockets, 64 cores and eight GPUs.
    private static func report(_ index: Int) -> SiteReport {
        var report = SiteReport.sample
        report.hardware.threads = 128
        let threads = (0..<128).map {
            HardwareThread(number: $0, core: $0 % 64, package: $0 % 64 / 32, numaNode: $0 % 64 / 32)
        }
        let devices = (0..<8).map {
            Device(
                kind: .gpu, name: "cuda\($0)", model: "An accelerator", address: "0000:0\($0):00.0", vendor: "10de",
                numaNode: $0 / 4, memory: 80 << 30)
        }
        report.machine = Machine(
            threads: threads, numaNodes: [0, 1].map { NUMANode(number: $0, memory: 1 << 38, distances: [10, 21]) },
            caches: (0..<64).map { Cache(level: 2, bytes: 1 << 21, threads: [$0, $0 + 64]) }, devices: devices)
        report.labels = ["zone": "z\(index % 7)"]
        report.epoch = index
        return report
    }

    @Test func everyEdgeIsListedHoweverManyThereAre() async throws {
        try await run { pair in
            let count = 1500
            try await pair.service.simulate(count, Self.report)
            var snapshot: TopologySnapshot?
            for try await part in try await pair.edge.stream(
                TopologyContract.snapshotParts, Empty(), to: .peer(.core), timeout: Self.patience)
            {
                if snapshot?.append(part.body) == nil { snapshot = part.body }
            }
            let whole = try await pair.core.call(TopologyContract.snapshot, Empty()).body
            #expect(snapshot?.sites == whole.sites && snapshot?.sites.count == count)
            #expect(snapshot?.links == whole.links && snapshot?.links.count == 2 * count)
            // In one message it would be refused.
            await #expect {
                try await pair.edge.call(
                    TopologyContract.snapshot, Empty(), to: .peer(.core), timeout: Self.patience)
            } throws: {
                ($0 as? any ModuleError)?.code == "too-large"
            }

            var names: [Name] = []
            var query = LoadsQuery()
            while true {
                let page = try await pair.edge.call(
                    TopologyContract.loads, query, to: .peer(.core), timeout: Self.patience
                ).body
                names += page.machines.map(\.name)
                guard page.hasMore else { break }
                query.after = names.last
            }
            #expect(names == whole.sites.map(\.name))

            var listed: [String] = []
            var edges = ResourceQuery()
            repeat {
                let page = try await pair.edge.call(
                    ResourceContract.get(.edge), edges, to: .peer(.core), timeout: Self.patience
                ).body
                listed += page.items.map(\.metadata.name)
                edges.continuation = page.continuation
            } while edges.continuation != nil
            #expect(listed == names.map(\.text))
        }
    }

    /// The largest machine that an edge may tell of still fits a message, and so does a page of the largest loads.
    @Test func theLargestEdgeFitsAMessage() async throws {
        let largest = SiteReport.largest
        #expect(SitePlausibility.fault(largest) == nil)
        #expect(LoadPlausibility.fault(largest.load, on: largest.hardware) == nil)
        try await run { pair in
            try await pair.service.simulate(LoadsQuery.maximumLimit) { _ in largest }
            let stream = try await pair.edge.stream(
                TopologyContract.snapshotParts, Empty(), to: .peer(.core), timeout: Self.patience)
            for try await part in stream {
                guard let site = part.body.sites.first else { continue }
                #expect(site.report == largest)
                break
            }
            let page = try await pair.edge.call(
                TopologyContract.loads, LoadsQuery(), to: .peer(.core), timeout: Self.patience
            ).body
            #expect(page.machines.count == LoadsQuery.maximumLimit)
        }
    }
}

extension TopologyService {
    /// Has edges join, each with a measured link, as if they had connected.
    fileprivate func simulate(_ count: Int, _ report: (Int) -> SiteReport) throws {
        for index in 0..<count {
            let name = try Name("edge-\(index)")
            _ = table.join(name, report(index), now: now, time: wallClock.now())
            links.note(ProbeReport(roundTrips: [0.001, 0.002], unanswered: 0), of: name)
        }
    }
}

extension SiteReport {
    /// As large as an edge may make itself.
    fileprivate static var largest: SiteReport {
        func text(_ byte: Character) -> String { String(repeating: byte, count: 128) }
        var report = SiteReport.sample
        let most = SitePlausibility.mostThreads
        report.hardware = Hardware(
            hostname: text("\""), architecture: text("\""), processor: text("\""), threads: most, memory: 1 << 60)
        report.machine = Machine(
            threads: (0..<most).map {
                HardwareThread(number: $0 + 60_000, core: 60_000, package: 60_000, numaNode: 60_000, rank: 60_000)
            },
            numaNodes: (0..<SitePlausibility.mostNUMANodes).map {
                NUMANode(
                    number: $0 + 60_000, memory: 1 << 60, distances: Array(repeating: 60_000, count: 256),
                    kind: text("\""), nearest: 60_000)
            },
            caches: (0..<4 * most).map {
                Cache(level: 8, bytes: 1 << 60, threads: $0 < 8 ? Array(60_000..<60_000 + most) : [])
            },
            devices: (0..<SitePlausibility.mostDevices).map { _ in
                Device(
                    kind: .network, name: text("\""), model: text("\""), address: text("\""), vendor: text("\""),
                    numaNode: 60_000, memory: 1 << 60, virtualFunctions: .init(most: 60_000, active: 60_000),
                    physicalFunction: text("\""))
            })
        report.labels = Dictionary(
            uniqueKeysWithValues: (0..<LabelSyntax.maximumCount).map {
                (
                    "\(String(repeating: "d", count: 63)).\(String(repeating: "d", count: 63))/k\($0)",
                    String(repeating: "v", count: 63)
                )
            })
        report.load.network = (0..<LoadPlausibility.mostInterfaces).map { _ in
            InterfaceLoad(
                name: String(repeating: "\"", count: 63), receivedBytesPerSecond: 1.234567890123e12,
                sentBytesPerSecond: 1.234567890123e12)
        }
        report.load.gpus = (0..<LoadPlausibility.mostGPUs).map { _ in
            GPULoad(busy: 0.12345678901234, usedMemory: 1 << 60, memory: 1 << 60)
        }
        return report
    }
}
