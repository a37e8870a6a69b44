import Contracts
import MessageBus
import Telemetry
import TestKit
import Testing

@testable import DataSync

/// Small versions that come along with the answer to `offer`.
@Suite struct AlongTests {
    private static let bound = 64 << 10

    private static func along(_ configuration: inout DataSyncConfiguration) { configuration.alongBytes = bound }

    /// A core of which nothing can be asked but an offer, and an edge; `change` has the last word on the answer.
    private func offering(
        change: @escaping @Sendable (inout OfferReply, inout [MessageBus.Attachment]) -> Void = { _, _ in },
        pulls: Bool = false,
        edge configure: (inout DataSyncConfiguration) -> Void = AlongTests.along,
        _ body: (Cloud, Cloud) async throws -> Void
    ) async throws {
        let pair = try Pair()
        let core = try await pair.core(registers: false, Self.along)
        core.bus.handle(DataSyncContract.publish) { request in
            try await core.service.publish(request.body, tensors: request.attachments)
        }
        core.bus.handle(DataSyncContract.offer) { request -> Outbound<OfferReply> in
            let answer = try await core.service.offer(request.body, to: request.peer)
            var (reply, attachments) = (answer.body, answer.attachments)
            change(&reply, &attachments)
            return Outbound(reply, attachments: attachments)
        }
        if pulls {
            core.bus.handle(DataSyncContract.lists) { request in
                try await core.service.lists(request.body, to: request.peer)
            }
            core.bus.handleStream(DataSyncContract.pull) { request, writer in
                try await core.service.send(request, .normal, writer)
            }
        }
        let edge = try await pair.edge(configure)
        try await pair.running(core, edge) { try await body(core, edge) }
    }

    @Test func aSmallVersionTakesOneQuestion() async throws {
        var random = SeededGenerator()
        try await offering { core, edge in
            for trial in 0..<20 {
                let tensors = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                    Bytes.noise(4 * Int.random(in: 0...3000, using: &random), seed: random.next())
                }
                let summary = try await core.publish(tensors, as: "job/\(trial)")
                let reply = try await edge.fetch(summary.digest, as: "job/\(trial)")
                #expect(try await edge.tensors(of: reply.manifest) == tensors)
                #expect(reply.movedShards + reply.presentShards == summary.shards)
                #expect(try await edge.state(of: summary.digest) == .complete)
            }
            #expect(edge.service.receiving.outstanding == 0 && core.service.sending.outstanding == 0)
        }
    }

    @Test func theNextVersionComesAsADifference() async throws {
        let old = (0..<8192).map { Float($0) * 0.37 + 1 }
        let tensors = [old, old.map { $0 * 1.0001 }].map { values in values.withUnsafeBytes { [Array($0)] } }
        try await offering { core, edge in
            for (round, tensors) in tensors.enumerated() {
                let summary = try await core.publish(tensors, as: "job/\(round)")
                let reply = try await edge.fetch(summary.digest, as: "job/\(round)")
                #expect(try await edge.tensors(of: reply.manifest) == tensors)
                if round == 1 { #expect(reply.movedBytes * 4 < summary.rawBytes * 3) }
            }
        }
    }

    @Test func whatIsNotSmallIsPulled() async throws {
        try await offering(pulls: true) { core, edge in
            let tensors = [Bytes.noise(Self.bound + 4, seed: 1)]
            let summary = try await core.publish(tensors, as: "job/1")
            let reply = try await edge.fetch(summary.digest, as: "job/1")
            #expect(try await edge.tensors(of: reply.manifest) == tensors)
        }
    }

    @Test func whatCameDamagedIsPulled() async throws {
        let damage: @Sendable (inout OfferReply, inout [MessageBus.Attachment]) -> Void = { reply, attachments in
            guard reply.along != nil, var bytes = attachments.last?.array else { return }
            bytes[bytes.count / 2] ^= 1
            attachments[attachments.count - 1] = MessageBus.Attachment(bytes)
        }
        try await offering(change: damage, pulls: true) { core, edge in
            let tensors = [Bytes.noise(20_000, seed: 1)]
            let summary = try await core.publish(tensors, as: "job/1")
            let reply = try await edge.fetch(summary.digest, as: "job/1")
            #expect(try await edge.tensors(of: reply.manifest) == tensors)
            #expect(reply.movedShards == summary.shards)
            #expect(edge.service.metrics.damagedShards.value > 0)
        }
    }

    @Test func whatIsDamagedAtTheSourceIsNamed() async throws {
        try await offering(pulls: true) { core, edge in
            let summary = try await core.publish([Bytes.noise(20_000, seed: 1)], as: "job/1")
            let shards = try await core.service.manifest(summary.digest).shards.map(\.digest)
            try await core.shards.flipBit(shards[3])
            let error = await #expect(throws: BusError.self) { try await edge.fetch(summary.digest, as: "job/1") }
            #expect(error?.code == DataSyncError.Kind.corruptShard.rawValue)
            #expect(error?.message.contains(shards[3].hex) == true)
            #expect(try await edge.shards.missing(shards).contains(shards[3]))
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5])
    func whatBreaksTheRulesIsRefusedAndNothingOfItKept(_ kind: Int) async throws {
        let change: @Sendable (inout OfferReply, inout [MessageBus.Attachment]) -> Void = { reply, attachments in
            switch kind {
            case 0: attachments.removeLast()  // The bytes are missing.
            case 1: attachments[1] = MessageBus.Attachment([UInt8](repeating: 7, count: 100))  // Lists that are none.
            case 2: attachments.append(MessageBus.Attachment([UInt8](repeating: 7, count: 1 << 20)))  // Far too much.
            case 3: reply.along?.base = Digest(hex: String(repeating: "ab", count: 32))
            case 4: reply.along?.item.parts.append(PullPart(shard: 0, isAbsent: true))
            default: reply.along?.item.parts.append(PullPart(shard: 1 << 40, leaves: [1]))
            }
        }
        try await offering(change: change) { core, edge in
            let summary = try await core.publish([Bytes.noise(20_000, seed: 1)], as: "job/1")
            let error = await #expect(throws: BusError.self) {
                try await edge.fetch(summary.digest, as: "job/1")
            }
            #expect(error?.code == DataSyncError.Kind.protocolViolation.rawValue)
            #expect(try await edge.shards.digests().isEmpty)
            #expect(edge.service.receiving.outstanding == 0)
        }
    }

    @Test func nothingComesAlongThatWasNotAskedFor() async throws {
        let change: @Sendable (inout OfferReply, inout [MessageBus.Attachment]) -> Void = { reply, attachments in
            reply.along = AlongItem(item: PullItem(parts: []))
            attachments += [MessageBus.Attachment([]), MessageBus.Attachment([1, 2, 3])]
        }
        try await offering(change: change, edge: { $0.alongBytes = 0 }) { core, edge in
            let summary = try await core.publish([Bytes.noise(20_000, seed: 1)], as: "job/1")
            let error = await #expect(throws: BusError.self) {
                try await edge.fetch(summary.digest, as: "job/1")
            }
            #expect(error?.code == DataSyncError.Kind.protocolViolation.rawValue)
        }
    }
}
