import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import DataSync

/// What is fetched before anybody waits for it.
@Suite(.timeLimit(.minutes(5))) struct PrefetchTests {
    private let directory: TemporaryDirectory
    private let context = BusContext()

    init() throws { directory = try TemporaryDirectory("prefetch") }

    private static let model = TransferTags(artefact: .model)
    private static let tensors = [Bytes.noise(512 << 10, seed: 1)]

    private func clouds(cacheBytes: Int = 1 << 20) async throws -> (core: Cloud, edge: Cloud) {
        let core = try await Cloud.open(.core, directory: directory.file("core"), context: context) {
            $0.shardBytes = 16 << 10
        }
        try core.bus.listen(BusAddress("inproc://core"), security: .none)
        let exchange = try PeerExchange(identity: PeerID("edge-a"), listen: nil, security: .none, context: context)
        let edge = try await Cloud.open(
            PeerID("edge-a"), directory: directory.file("edge"), context: context, part: .edge(exchange)
        ) { $0.cacheBytes = cacheBytes }
        try edge.bus.connect(BusAddress("inproc://core"), security: .none)
        return (core, edge)
    }

    private static func prefetch(_ core: Cloud, _ digest: Digest) async throws -> PrefetchReply.State {
        try await core.bus.call(
            DataSyncContract.prefetch,
            PrefetchRequest(manifest: digest, tags: model, maximumBytes: 512 << 10, edge: Name("edge-a"))
        ).body.state
    }

    private static func isCached(_ edge: Cloud, _ digest: Digest) async throws -> Bool {
        try await edge.database.read { try CacheTable(connection: $0).isCached(digest) }
    }

    @Test func whatWasFetchedAheadMovesNothingWhenItIsWanted() async throws {
        let (core, edge) = try await clouds()
        try await running(core, edge) {
            try await edge.bus.ready(.core, timeout: .seconds(60))
            let digest = try await core.publish(Self.tensors, as: "m/").digest
            #expect(try await Self.prefetch(core, digest) == .fetching)
            while try await !Self.isCached(edge, digest) { try await Task.sleep(for: .milliseconds(2)) }
            #expect(try await Self.prefetch(core, digest) == .present)
            let reply = try await edge.fetch(digest, as: "job/", tags: Self.model)
            #expect(reply.movedShards == 0)
            #expect(try await edge.status().cache?.hits == 1)
            #expect(edge.service.metrics.prefetched.value == 1)
            let references = try await edge.service.references(prefix: "")
            #expect(references == ["job/"])
        }
    }

    /// A fetch that somebody waits for takes over what is fetched ahead, and loses nothing of it.
    @Test func aFetchTakesOver() async throws {
        let (core, edge) = try await clouds()
        try await running(core, edge) {
            try await edge.bus.ready(.core, timeout: .seconds(60))
            let summary = try await core.publish(Self.tensors, as: "m/")
            try await core.control(.limit, bytesPerSecond: 200_000)
            #expect(try await Self.prefetch(core, summary.digest) == .fetching)
            while edge.service.metrics.receivedBytes.value < 50_000 { try await Task.sleep(for: .milliseconds(2)) }
            let fetch = Task { try await edge.fetch(summary.digest, as: "job/", tags: Self.model) }
            while try await edge.status().transfers.count < 2 { try await Task.sleep(for: .milliseconds(2)) }
            try await core.control(.limit, bytesPerSecond: 0)
            let reply = try await fetch.value
            #expect(reply.presentShards > 0 && reply.movedShards > 0)
            #expect(try await edge.tensors(of: reply.manifest) == Self.tensors)
            let references = try await edge.service.references(prefix: "")
            #expect(references == ["job/"])
            #expect(edge.service.metrics.prefetched.value == 0)
        }
    }

    @Test func whatIsNotWantedAfterAllStops() async throws {
        let (core, edge) = try await clouds()
        try await running(core, edge) {
            try await edge.bus.ready(.core, timeout: .seconds(60))
            let digest = try await core.publish(Self.tensors, as: "m/").digest
            try await core.control(.limit, bytesPerSecond: 50_000)
            _ = try await Self.prefetch(core, digest)
            while edge.service.metrics.receivedBytes.value < 1000 { try await Task.sleep(for: .milliseconds(2)) }
            func cancel() async throws -> PrefetchReply.State {
                try await core.bus.call(
                    DataSyncContract.cancelPrefetch, PrefetchCancellation(manifest: digest, edge: Name("edge-a"))
                ).body.state
            }
            #expect(try await cancel() == .fetching)
            while try await cancel() != .none { try await Task.sleep(for: .milliseconds(2)) }
            while try await !edge.service.references(prefix: "").isEmpty {
                try await Task.sleep(for: .milliseconds(2))
            }
            while try await !edge.shards.digests().isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    @Test func withoutACacheThereIsNothingAhead() async throws {
        let (core, edge) = try await clouds(cacheBytes: 0)
        try await running(core, edge) {
            try await edge.bus.ready(.core, timeout: .seconds(60))
            let digest = try await core.publish(Self.tensors, as: "m/").digest
            let error = await #expect(throws: BusError.self) { _ = try await Self.prefetch(core, digest) }
            #expect(error?.message.contains("cache.bytes") == true)
            let here = await #expect(throws: BusError.self) {
                try await core.bus.call(
                    DataSyncContract.prefetch, PrefetchRequest(manifest: digest, tags: Self.model, maximumBytes: 1))
            }
            #expect(here?.message.contains("name one") == true)
        }
    }
}
