import Contracts
import Core
import DataSync
import Foundation
import MessageBus
import Store
import TestKit
import Testing

@testable import FedLearn

/// What a disk or a kill takes, and how it comes back or goes.
@Suite struct DamageTests {
    /// An edge that the test plays: it keeps the orders it gets.
    private struct Played: Sendable {
        let orders = AsyncStream<TrainOrder>.makeStream()

        var play: @Sendable (Federation.Member) -> Void {
            { member in
                member.bus.handle(FedLearnContract.train) { (request: Inbound<TrainOrder>) -> TrainAcceptance in
                    orders.continuation.yield(request.body)
                    return TrainAcceptance(samples: 10)
                }
                member.bus.handle(FedLearnContract.abandon) { (_: Inbound<RoundReference>) -> Empty in Empty() }
            }
        }

        func order() async throws -> TrainOrder {
            for await order in orders.stream { return order }
            throw CancellationError()
        }
    }

    /// Flips a bit in a shard of the core, which has one leaf.
    private static func damage(_ digest: Digest, in federation: Federation) throws {
        let directory = federation.directory.file("core") + "/shards/segments"
        let key = Data(
            stride(from: 0, to: 64, by: 2).compactMap { start in
                UInt8(digest.hex.dropFirst(start).prefix(2), radix: 16)
            })
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            let file = URL(fileURLWithPath: "\(directory)/\(name)")
            var bytes = try Foundation.Data(contentsOf: file)
            // A record is 48 bytes of header, which end in the leaf's name, and its payload.
            guard let header = bytes.range(of: key) else { continue }
            bytes[header.upperBound] ^= 1
            let handle = try FileHandle(forUpdating: file)
            try handle.seek(toOffset: UInt64(header.upperBound))
            try handle.write(contentsOf: [bytes[header.upperBound]])
            try handle.close()
            return
        }
        Issue.record("shard \(digest) is in no segment")
    }

    /// Waits until so many edges have delivered in the current round.
    private static func delivered(_ count: Int, _ bus: Bus) async throws {
        for try await record in try await bus.stream(
            ResourceContract.watch(.trainingJob), ResourceName(name: "points"))
        {
            let status = try record.body.status.decoded(as: TrainingJobStatus.self)
            if (status.current?.received.count ?? 0) >= count || status.phase.isTerminal { return }
        }
    }

    private static func fetch(_ order: TrainOrder, by member: Federation.Member) async throws -> FetchReply {
        try await member.bus.call(
            DataSyncContract.fetch,
            FetchRequest(
                manifest: order.manifest, source: .core, reference: Job.referencePrefix(order.reference.jobUID) + "x/y",
                maximumBytes: order.modelBytes), timeout: .seconds(60)
        ).body
    }

    /// Fetches as an edge does, and tells the core when that fails.
    private static func declineWhatIsDamaged(_ order: TrainOrder, by member: Federation.Member) async throws {
        let error = await #expect(throws: BusError.self) { try await fetch(order, by: member) }
        #expect(error?.code == "corrupt-shard")
        _ = try await member.bus.call(
            FedLearnContract.decline,
            DeclineNotice(reference: order.reference, failure: Failure(try #require(error))), to: .peer(.core))
    }

    /// The core's disk damages the model of the open round while one edge still lacks it: the core takes it from an edge
    /// that has it, asks again, and the round counts everybody.
    @Test func aDamagedGlobalModelComesBackFromAnEdge() async throws {
        let federation = try Federation()
        let played = Played()
        let impostor = try Name("edge-3")
        let status = try await federation.run(impostors: [impostor: played.play]) { bus, members in
            let member = try #require(members[impostor])
            async let end = Federation.train(bus, Federation.document(rounds: 1, deadline: 60, minimum: 3))
            let order = try await played.order()
            try await Self.delivered(2, bus)
            let manifest = try await bus.call(DataSyncContract.manifest, ManifestRequest(digest: order.manifest)).body
            let shard = try #require(manifest.shards.last)
            try Self.damage(shard.digest, in: federation)
            try await Self.declineWhatIsDamaged(order, by: member)
            let again = try await played.order()
            #expect(again == order)
            _ = try await Self.fetch(again, by: member)
            #expect(
                try await bus.call(DataSyncContract.shard, ShardRequest(digest: shard.digest)).body.size == shard.size)
            // The model itself, as what was learnt from it.
            let verdict = try await member.bus.call(
                FedLearnContract.update,
                UpdateNotice(
                    reference: order.reference, manifest: order.manifest, samples: 10, loss: 1,
                    trainSeconds: 0, fetchedBytes: 0), to: .peer(.core), timeout: .seconds(60)
            ).body
            #expect(verdict.isAccepted, "\(verdict.reason)")
            return try await end
        }
        #expect(status.phase == .succeeded)
        #expect(status.rounds.first?.contributors.count == 3)
    }

    /// Nobody else has it: the job says what is damaged and what to do.
    @Test func aGlobalModelThatNobodyHasFailsTheJob() async throws {
        let federation = try Federation(edges: 1)
        let played = Played()
        let edge = try Name("edge-1")
        let status = try await federation.run(impostors: [edge: played.play]) { bus, members in
            async let end = Federation.train(bus, Federation.document(rounds: 1, deadline: 60))
            let order = try await played.order()
            let manifest = try await bus.call(DataSyncContract.manifest, ManifestRequest(digest: order.manifest)).body
            try Self.damage(try #require(manifest.shards.last).digest, in: federation)
            try await Self.declineWhatIsDamaged(order, by: try #require(members[edge]))
            return try await end
        }
        #expect(status.phase == .failed)
        let message = status.conditions.map(\.message).joined()
        #expect(message.contains("damaged on the core's disk") && message.contains("edge-1"), "\(message)")
    }

    /// An edge was killed in its very first fetch for a job, and the job ended before it came back: it asks and forgets. What
    /// it holds for a job that goes on, and for others than jobs, stays.
    @Test func whatAFinishedJobLeftOnAnEdgeGoes() async throws {
        let federation = try Federation()
        let edge = try Name("edge-1")
        let path = federation.directory.file(edge.text)
        func member() async throws -> Federation.Member {
            try await Federation.Member(PeerID(edge), .fedLearnParticipant, directory: path, context: BusContext())
        }
        let before = try await member()
        for (reference, seed) in [("fedlearn/long-gone/1/global", UInt8(1)), ("mirror/of/something", 2)] {
            _ = try await before.dataSync.publish(
                PublishRequest(reference: reference, tensors: [TensorSpec(name: "w", shape: [5000])]),
                tensors: [Attachment([UInt8](repeating: seed, count: 20_000))])
        }
        await before.database.close()
        let status = try await federation.run { bus, members in
            let status = try await Federation.train(bus, Federation.document(rounds: 2))
            let dataSync = try #require(members[edge]).dataSync
            while try await dataSync.references(prefix: "fedlearn/") != [] {
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(try await dataSync.references(prefix: "") == ["mirror/of/something"])
            return status
        }
        #expect(status.phase == .succeeded && status.rounds.last?.contributors.count == 3)
        // The next start removes shards that a stop kept from being removed.
        let after = try await member()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await after.dataSync.run() }
            while try await Self.shards(after) > 2 { try await Task.sleep(for: .milliseconds(2)) }
            group.cancelAll()
        }
        // 20,000 equal bytes are four equal shards of 4096 and a shorter one.
        #expect(try await Self.shards(after) == 2)
    }

    private static func shards(_ member: Federation.Member) async throws -> Int {
        try await member.database.read { connection in
            try connection.first("SELECT count(*) FROM datasync_shards") { try $0.int(0) } ?? 0
        }
    }
}
