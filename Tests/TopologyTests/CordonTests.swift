import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import Topology

@Suite struct CordonTests {
    private let name: Name
    private let directory: TemporaryDirectory
    private let clock = ManualWallClock(Timestamp(milliseconds: 5_000))

    init() throws {
        name = try Name("edge-1")
        directory = try TemporaryDirectory()
    }

    private func database() async throws -> Database {
        try await Database.open(path: directory.file("core.db"), migrations: [.topology], logger: .disabled)
    }

    private func order(_ action: CordonRequest.Action, _ pair: CoreAndEdge) async throws {
        _ = try await pair.core.call(TopologyContract.cordon, CordonRequest(edge: name, action: action))
    }

    @Test func everyActionLeadsToItsStateFromEveryOther() throws {
        let orders: [(CordonRequest.Action, Bool?)] = [(.cordon, false), (.drain, true), (.uncordon, nil)]
        for (first, _) in orders {
            for (second, isDraining) in orders {
                var table = SiteTable(known: [], now: .zero, lease: .seconds(6), grace: .seconds(12))
                _ = table.join(name, .sample, now: .zero, time: clock.now())
                _ = try table.cordon(name, first, time: clock.now())
                let later = clock.now().advanced(by: .seconds(9))
                let news = try table.cordon(name, second, time: later)
                #expect(table.sites[name]?.cordon?.isDraining == isDraining)
                #expect((news == nil) == (first == second))
                let since = first == .uncordon ? later : clock.now()
                #expect(isDraining == nil || table.sites[name]?.cordon?.since == since)
            }
        }
    }

    @Test func aCordonOutlivesJoinsAndRestarts() async throws {
        let database = try await database()
        try await CoreAndEdge.run(database: database, wallClock: clock) { pair in
            try await pair.join()
            try await order(.drain, pair)
            try await order(.drain, pair)
            try await pair.join()
            #expect(try await pair.site().cordon == Cordon(since: clock.now(), isDraining: true))
        }
        try await CoreAndEdge.run(database: database, wallClock: clock) { pair in
            #expect(try await pair.site().cordon?.isDraining == true)
            try await pair.join()
            #expect(try await pair.site().cordon?.isDraining == true)
            try await order(.uncordon, pair)
            #expect(try await pair.site().cordon == nil)
        }
        try await CoreAndEdge.run(database: database, wallClock: clock) { pair in
            let site = try await pair.site()
            #expect(site.cordon == nil)
        }
    }

    @Test func aCordonIsShownAndAnnounced() async throws {
        try await CoreAndEdge.run(database: try await database(), wallClock: clock) { pair in
            var report = SiteReport.sample
            report.taints = [Taint(key: "gpu", value: "yes"), Taint(key: "slow", effect: .preferNoSchedule)]
            try await pair.join(report)
            let records = await pair.service.watchers.values(of: name)
            try await order(.cordon, pair)
            for await site in records where site.cordon != nil { break }
            let list = try await pair.core.call(ResourceContract.get(.edge), ResourceQuery()).body
            #expect(list.rows.first?[1] == "Ready (cordoned)")
            #expect(list.items.first?.status["phase"]?.string == "Ready")
            let text = try await pair.core.call(ResourceContract.describe(.edge), ResourceName(name: "edge-1")).body
                .text
            #expect(text.contains("Phase:      Ready (cordoned)\n"))
            #expect(text.contains("Taints:     gpu=yes:NoSchedule, slow:PreferNoSchedule\n"))
        }
    }

    @Test func anUnknownEdgeAndAnEdgeThatAsksAreRefused() async throws {
        try await CoreAndEdge.run(database: try await database()) { pair in
            let request = CordonRequest(edge: name, action: .cordon)
            await #expect { try await pair.core.call(TopologyContract.cordon, request) } throws: {
                ($0 as? any ModuleError)?.code == "not-found"
            }
            await #expect { try await pair.edge.call(TopologyContract.cordon, request, to: .peer(.core)) } throws: {
                ($0 as? any ModuleError)?.code == "refused"
            }
        }
    }

    @Test(arguments: ["", String(repeating: "k", count: 129), "white space", "a\u{1B}[2J"])
    func aTaintThatIsNoneIsRefused(key: String) async throws {
        try await CoreAndEdge.run(database: try await database()) { pair in
            var report = SiteReport.sample
            report.taints = [Taint(key: key)]
            await #expect { try await pair.join(report) } throws: { ($0 as? any ModuleError)?.code == "invalid" }
        }
    }
}
