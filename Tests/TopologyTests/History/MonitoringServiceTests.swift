import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import Topology

/// Reports over a bus, through the service, into the database and out again.
@Suite struct MonitoringServiceTests {
    private let name: Name
    private let directory: TemporaryDirectory
    private let clock = ManualWallClock(Timestamp(milliseconds: 1_700_000_000_000))

    init() throws {
        name = try Name("edge-1")
        directory = try TemporaryDirectory()
    }

    private func database() async throws -> Database {
        try await Database.open(path: directory.file("core.db"), migrations: [.topology], logger: .disabled)
    }

    private func join(_ pair: CoreAndEdge) async throws {
        var report = SiteReport.sample
        report.epoch = 1
        try await pair.join(report)
    }

    /// Sends complete reports, one a second of the manual clock.
    private func send(_ sequences: ClosedRange<Int>, _ pair: CoreAndEdge) async throws {
        for sequence in sequences {
            clock.advance(by: .seconds(1))
            var load = SiteReport.sample.load
            load.cpu = Double(sequence % 10) / 10
            let update = LoadUpdate(
                epoch: 1, sequence: sequence, base: nil, time: clock.now(), changes: LoadChanges(load))
            let reply = try await pair.edge.call(
                TopologyContract.report, update, to: .peer(.core), timeout: .seconds(60))
            #expect(reply.body == LoadReply(leaseSeconds: 120))
        }
    }

    private func history(_ pair: CoreAndEdge, seconds: Int, most: Int = 600) async throws -> HistoryReply {
        let query = HistoryQuery(
            site: name, metric: .cpu, from: clock.now().advanced(by: .seconds(-seconds)),
            to: clock.now().advanced(by: .seconds(1)), most: most)
        return try await pair.core.call(TopologyContract.history, query).body
    }

    @Test func theHistoryOutlivesTheCore() async throws {
        let database = try await database()
        try await CoreAndEdge.run(database: database, wallClock: clock) { pair in
            try await join(pair)
            try await send(1...35, pair)
            #expect(try await history(pair, seconds: 34).points.count == 35)
            await pair.service.flushHistory(prunes: true)
            #expect(try await history(pair, seconds: 34).points.count == 35)
        }
        try await CoreAndEdge.run(database: database, wallClock: clock) { pair in
            #expect(try await history(pair, seconds: 34).points.count == 35)
            try await join(pair)
            try await send(1...10, pair)
            // Reports of both runs, the join reports' among them, in points of ten seconds.
            let coarse = try await history(pair, seconds: 700)
            #expect(coarse.resolution == 10_000)
            #expect(coarse.points.reduce(0) { $0 + $1.count } == 47)
        }
    }

    @Test func whenAnEdgeWasLastSeenOutlivesTheCore() async throws {
        let database = try await database()
        try await CoreAndEdge.run(database: database, wallClock: clock) { pair in
            try await join(pair)
            try await send(1...7, pair)
        }
        // Stored as the core stopped, and once more of an edge that has not been here since.
        for _ in 1...2 {
            clock.advance(by: .seconds(60))
            try await CoreAndEdge.run(database: database, wallClock: clock) { pair in
                let seen = try await pair.site().lastSeen
                #expect(seen == Timestamp(milliseconds: 1_700_000_007_000))
            }
        }
        // A forgotten edge leaves nothing behind, also when it was seen a moment before.
        try await CoreAndEdge.run(database: database, wallClock: clock) { pair in
            try await join(pair)
            try await pair.service.forget(name)
            try await pair.service.storage.save(seen: [name: clock.now()])
            await pair.service.flushSeen()
            let rows = try await database.read { try $0.query("SELECT name FROM topology_seen") { try $0.string(0) } }
            #expect(rows.isEmpty)
        }
    }

    @Test func oldPointsAreForgotten() async throws {
        let database = try await database()
        try await CoreAndEdge.run(database: database, wallClock: clock) { pair in
            try await join(pair)
            try await send(1...20, pair)
            await pair.service.flushHistory(prunes: true)
            clock.advance(by: .seconds(3600))
            await pair.service.flushHistory(prunes: true)
            let rows = try await database.read { connection in
                try connection.query("SELECT tier, count(*) FROM topology_history GROUP BY tier ORDER BY tier") {
                    [try $0.int(0), try $0.int(1)]
                }
            }
            // The reports are gone, their three points of ten seconds and what those make up are there.
            #expect(rows.map { $0[0] } == [1, 2, 3] && rows.allSatisfy { $0[1] <= 4 })
        }
    }

    @Test func aRefusalIsToldToTheEdgeAndShown() async throws {
        try await CoreAndEdge.run(database: try await database(), wallClock: clock) { pair in
            try await join(pair)
            try await send(1...2, pair)
            var load = SiteReport.sample.load
            load.availableMemory = 1 << 40
            let update = LoadUpdate(epoch: 1, sequence: 3, base: nil, time: clock.now(), changes: LoadChanges(load))
            let reply = try await pair.edge.call(TopologyContract.report, update, to: .peer(.core)).body
            #expect(reply.needsAll && reply.refusal?.hasPrefix("availableMemory") == true)
            let site = try await pair.site()
            #expect(site.report.load.availableMemory == SiteReport.sample.load.availableMemory)
            #expect(site.reporting?.refused == 1 && site.reporting?.taken == 2)
            let text = try await pair.core.call(ResourceContract.describe(.edge), ResourceName(name: "edge-1")).body
                .text
            #expect(text.contains("Reports:    2 taken, 1 refused\n"))
        }
    }

    @Test func anotherRunOfTheEdgeMustJoin() async throws {
        try await CoreAndEdge.run(database: try await database(), wallClock: clock) { pair in
            try await join(pair)
            let update = LoadUpdate(
                epoch: 2, sequence: 1, base: nil, time: clock.now(), changes: LoadChanges(SiteReport.sample.load))
            await #expect { try await pair.edge.call(TopologyContract.report, update, to: .peer(.core)) } throws: {
                ($0 as? any ModuleError)?.code == "join-first"
            }
        }
    }

    @Test func metricsComeAndGoWithTheEdge() async throws {
        try await CoreAndEdge.run(database: try await database(), wallClock: clock) { pair in
            try await join(pair)
            try await send(1...3, pair)
            let text = pair.metrics.prometheusText()
            #expect(text.contains("gedge_site_cpu_busy_ratio{site=\"edge-1\"} 0.3\n"))
            #expect(text.contains("gedge_topology_reports_total{outcome=\"taken\"} 4\n"))
            try await pair.service.forget(name)
            #expect(!pair.metrics.prometheusText().contains("site=\"edge-1\""))
            let query = HistoryQuery(
                site: name, metric: .cpu, from: Timestamp(milliseconds: 0), to: clock.now())
            await #expect { try await pair.core.call(TopologyContract.history, query) } throws: {
                ($0 as? any ModuleError)?.code == "not-found"
            }
        }
    }

    @Test func loadsComePageByPage() async throws {
        try await CoreAndEdge.run(database: try await database(), wallClock: clock) { pair in
            try await join(pair)
            let page = try await pair.core.call(TopologyContract.loads, LoadsQuery(limit: 1)).body
            #expect(page.machines.map(\.name) == [name] && !page.hasMore && page.time == clock.now())
            let rest = try await pair.core.call(TopologyContract.loads, LoadsQuery(after: name)).body
            #expect(rest.machines.isEmpty)
            await #expect { try await pair.core.call(TopologyContract.loads, LoadsQuery(limit: 501)) } throws: {
                ($0 as? any ModuleError)?.code == "invalid"
            }
        }
    }
}
