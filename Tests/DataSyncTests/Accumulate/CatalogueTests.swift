import Contracts
import Core
import MessageBus
import Store
import TestKit
import Testing

@testable import DataSync

/// What the core knows of an edge's data sets.
@Suite(.timeLimit(.minutes(5))) struct CatalogueTests {
    private static func entry(_ number: Int, versions: Int) throws -> CatalogueEntry {
        CatalogueEntry(
            dataset: try DatasetName("demo/line/n\(number)"), versions: versions, newest: nil, rawBytes: versions * 10)
    }

    private static func state(_ random: inout SplitMix64) throws -> CatalogueDelta.State {
        var state: CatalogueDelta.State = [:]
        for number in 0..<20 where Bool.random(using: &random) {
            let entry = try entry(number, versions: Int.random(in: 1...3, using: &random))
            state[entry.dataset] = entry
        }
        return state
    }

    /// Any state is reached from any other, in pieces of any size, and from no state by somebody who knows another one.
    @Test func announcementsLeadFromStateToState() async throws {
        let directory = try TemporaryDirectory("catalogue")
        let store = try await TestStore.open(directory.file("core"))
        let edge = try Name("edge-1")
        var random = SplitMix64(seed: 11)
        var known: CatalogueDelta.State?
        for step in 0..<80 {
            let next = try Self.state(&random)
            // Now and then the edge has forgotten what it told.
            let isForgotten = Int.random(in: 0..<5, using: &random) == 0
            let limit = Int.random(in: 1...7, using: &random)
            let pieces = try CatalogueDelta.announcements(from: isForgotten ? nil : known, to: next, limit: limit)
            #expect(pieces.allSatisfy { $0.changed.count + $0.removed.count <= limit })
            if known == next, !isForgotten { #expect(pieces.isEmpty) }
            for piece in pieces {
                let reached = try await store.database.write {
                    try EdgeCatalogue(connection: $0).apply(piece, of: edge, now: Timestamp(milliseconds: 5))
                }
                #expect(reached == piece.revision, "step \(step)")
            }
            known = next
            let (found, revision) = try await store.database.read { connection in
                let table = EdgeCatalogue(connection: connection)
                return (try table.entries(of: edge), try table.revision(of: edge))
            }
            #expect(found.map(\.dataset) == next.keys.sorted(), "step \(step)")
            #expect(found.allSatisfy { next[$0.dataset]?.versions == $0.versions && $0.edge == edge })
            if !pieces.isEmpty { #expect(revision == (try CatalogueDelta.revision(of: next))) }
            // A change of another state changes nothing.
            let stray = CatalogueAnnouncement(base: String(repeating: "0", count: 64), revision: "x")
            let kept = try await store.database.write {
                try EdgeCatalogue(connection: $0).apply(stray, of: edge, now: Timestamp(milliseconds: 6))
            }
            #expect(kept == revision)
        }
    }

    @Test func theCoreLearnsWhatAnEdgeHasAndKeepsIt() async throws {
        let directory = try TemporaryDirectory("catalogue")
        let context = BusContext()
        let core = try await Cloud.open(.core, directory: directory.file("core"), context: context)
        try core.bus.listen(BusAddress("inproc://core"), security: .none)
        let exchange = try PeerExchange(identity: PeerID("edge-a"), listen: nil, security: .none, context: context)
        let edge = try await Cloud.open(
            PeerID("edge-a"), directory: directory.file("edge"), context: context, part: .edge(exchange))
        try edge.bus.connect(BusAddress("inproc://core"), security: .none)
        func told() async throws -> [CatalogueEntry] {
            try await core.bus.call(DataSyncContract.catalogue, CatalogueQuery(isEverywhere: true)).body.datasets
        }
        try await running(core) {
            try await running(edge) {
                try await edge.append("a\nb\n")
                while try await told().first?.open?.records != 2 { try await Task.sleep(for: .milliseconds(10)) }
                let entry = try #require(try await told().first)
                #expect(entry.edge?.text == "edge-a" && entry.newest == nil && entry.isStale == false)
                let version = try await edge.service.seal(Cloud.dataset()).version
                while try await told().first?.newest != version { try await Task.sleep(for: .milliseconds(10)) }
                #expect(try await told().first?.open == nil)
                let own = try await core.bus.call(DataSyncContract.catalogue, CatalogueQuery()).body.datasets
                #expect(own.isEmpty)
            }
            // The edge is gone; what it told is not.
            while try await told().first?.isStale != true { try await Task.sleep(for: .milliseconds(10)) }
            let query = CatalogueQuery(edge: try Name("edge-a"))
            let last = try await core.bus.call(DataSyncContract.catalogue, query).body.datasets
            #expect(last.map(\.versions) == [1] && last.first?.isStale == true)
        }
    }
}
