import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import Placement

/// The service on a real bus and database; only the topology is a constant.
@Suite struct PlacementServiceTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("placement") }

    /// One run of a core's placement, from its start to its end.
    private func core<Result: Sendable>(
        _ sites: [Site], _ settings: PlacementSettings = PlacementSettings(),
        _ body: @escaping @Sendable (Bus) async throws -> Result
    ) async throws -> Result {
        let database = try await Database.open(
            path: directory.file("core.db"), migrations: [.placementReservations, .placement], logger: .disabled)
        let bus = Bus(configuration: BusConfiguration(identity: .core), context: BusContext())
        bus.handle(TopologyContract.snapshot) { (_: Inbound<Empty>) -> TopologySnapshot in
            TopologySnapshot(time: Timestamp(milliseconds: 1_000_000), sites: sites)
        }
        let service = try await PlacementService(bus: bus, database: database, settings: settings, logger: .disabled)
        service.register()
        let result = try await withThrowingTaskGroup(of: Result?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await bus.run()
                return nil
            }
            group.addTask {
                try await service.run()
                return nil
            }
            group.addTask { try await body(bus) }
            while let result = try await group.next() { if let result { return result } }
            throw CancellationError()
        }
        await database.close()
        return result
    }

    private static func request(_ name: String, cpus: Int, submitted: Int64 = 0) throws -> PlacementRequest {
        try .make(
            name, spec: PlacementSpec(resources: ResourceSpec(cpus: CPUQuantity(milliCPUs: cpus))),
            submitted: submitted)
    }

    @Test func callersThatRaceNeverGetTheSameRoom() async throws {
        let sites = [try Site.make("edge-1", threads: 4), try Site.make("edge-2", threads: 4)]
        let held = try await core(sites) { bus in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    let request = try Self.request("job-\(index)", cpus: 500, submitted: Int64(index))
                    group.addTask { try await bus.call(PlacementContract.reserve, request).body.wait == nil }
                }
                var count = 0
                for try await isHeld in group where isHeld { count += 1 }
                let list = try await bus.call(PlacementContract.reservations, Empty()).body.reservations
                #expect(list.count == count)
                return list
            }
        }
        #expect(held.count == 8)
        #expect(held.allSatisfy { $0.edges.count == 2 })
    }

    @Test func whatWasToldIsKnownAfterARestart() async throws {
        let sites = [try Site.make("edge-1", threads: 2)]
        let first = try Self.request("first", cpus: 2000)
        let second = try Self.request("second", cpus: 2000, submitted: 1)
        let told = try await core(sites) { bus in try await bus.call(PlacementContract.reserve, first).body }
        #expect(told.wait == nil)
        try await core(sites) { bus in
            // The first was never heard of again, and may still run there.
            #expect(try await bus.call(PlacementContract.reserve, second).body.wait != nil)
            #expect(try await bus.call(PlacementContract.reserve, first).body.chosen == told.chosen)
            _ = try await bus.call(PlacementContract.release, JobList(jobs: [first.jobUID]))
        }
        let last = try await core(sites) { bus in try await bus.call(PlacementContract.reserve, second).body }
        #expect(last.wait == nil)
    }

    @Test func planningHoldsNothing() async throws {
        try await core([try Site.make("edge-1")]) { bus in
            let plan = try await bus.call(PlacementContract.plan, try Self.request("job", cpus: 100)).body
            #expect(plan.chosen.count == 1 && plan.prediction != nil)
            #expect(try await bus.call(PlacementContract.reservations, Empty()).body.reservations.isEmpty)
        }
    }

    @Test func roundsTeachWhatTheNextOnesTake() async throws {
        let sites = [try Site.make("edge-1", cpu: 0)]
        let request = try Self.request("job", cpus: 100)
        let before = try await core(sites) { bus in
            let plan = try await bus.call(PlacementContract.plan, request).body
            let records = try (1...12).map { round in
                RoundRecord(
                    jobUID: "old", job: try Name("old"), round: round, edge: try Name("edge-1"),
                    workload: request.workload, samples: 100, computeSeconds: 3, totalSeconds: 4, roundSeconds: 4.5,
                    fetchedBytes: 1, sentBytes: 1, time: Timestamp(milliseconds: Int64(round)))
            }
            for record in records {
                _ = try await bus.call(PlacementContract.record, RoundRecords(records: [record]))
            }
            return plan
        }
        // Also by the next run of the core.
        let after = try await core(sites) { bus in try await bus.call(PlacementContract.plan, request).body }
        let learned = try #require(after.prediction)
        let assumed = try #require(before.prediction)
        #expect(assumed.basis.contains("no run like it is known"))
        #expect(abs(learned.roundSeconds - 4.5) < 0.1)
        #expect(abs(learned.totalSeconds - 45) < 1 && learned.lowSeconds < 45 && learned.highSeconds > 45)
        let terms = try #require(after.decisions[0].terms)
        #expect(abs(terms.transferSeconds - 1) < 1e-6)
    }

    @Test func aRoundThatCannotBeIsRefused() async throws {
        let request = try Self.request("job", cpus: 100)
        try await core([try Site.make("edge-1")]) { bus in
            let record = RoundRecord(
                jobUID: "old", job: try Name("old"), round: 1, edge: try Name("edge-1"), workload: request.workload,
                samples: -1, computeSeconds: .nan, totalSeconds: 1, fetchedBytes: 0, sentBytes: 0,
                time: Timestamp(milliseconds: 0))
            await #expect(throws: (any Error).self) {
                try await bus.call(PlacementContract.record, RoundRecords(records: [record]))
            }
        }
    }
}
