import Contracts
import Core
import Datasets
import MessageBus
import Tensor
import Testing

@testable import FedLearn

/// One edge of three lies; the round goes on without it and says why.
@Suite struct HostileEdgeTests {
    enum Lie: String, CaseIterable, Sendable {
        case untrained, notANumber, tooLarge, wrongShape, samples, moreThanItsData, steps, loss, missingShards, silence,
            refusal
    }

    /// A lie that no check finds: a model of the right size that was never trained. Krum gives it no weight, in any round.
    @Test func krumPassesOverWhatLiesApart() async throws {
        let federation = try Federation(edges: 6)
        let liar = try Name("edge-2")
        let status = try await federation.run(impostors: [liar: { Self.play(.untrained, $0) }]) { bus, _ in
            try await Federation.train(
                bus, Federation.document(rounds: 3, deadline: 120, minimum: 6, strategy: "multi-krum, byzantine: 1"))
        }
        #expect(status.phase == .succeeded)
        for round in status.rounds {
            #expect(round.contributors.count == 6 && round.absent.isEmpty)
            let weights = round.contributors.map { $0.weight ?? -1 }
            #expect(weights.filter { $0 > 0 }.count == 3 && abs(weights.reduce(0, +) - 1) < 1e-6)
            #expect(round.contributors.first { $0.edge == liar }?.weight == 0)
        }
    }

    /// A round that too few updates are left for is asked again, with the reason.
    @Test func withoutItsQuorumARoundIsRepeated() async throws {
        let federation = try Federation()
        let liar = try Name("edge-2")
        let reason = try await federation.run(impostors: [liar: { Self.play(.tooLarge, $0) }]) { bus, _ in
            let text = Federation.document(rounds: 1, deadline: 120, minimum: 3)
            _ = try await bus.call(ResourceContract.apply(.trainingJob), ApplyRequest(text: text, source: "test.yaml"))
            let stream = try await bus.stream(ResourceContract.watch(.trainingJob), ResourceName(name: "points"))
            for try await record in stream {
                let status = try record.body.status.decoded(as: TrainingJobStatus.self)
                if let told = status.conditions.first(where: { $0.reason == "RoundRepeated" }) { return told.message }
                #expect(status.completedRounds == 0)
            }
            return ""
        }
        #expect(reason.contains("edge-2: its update is") && reason.contains("times as large"), "\(reason)")
    }

    @Test(arguments: Lie.allCases.filter { $0 != .untrained }) func aLyingEdgeIsLeftOutByName(lie: Lie) async throws {
        let federation = try Federation()
        let liar = try Name("edge-2")
        // Only a silent edge is waited for; the others must not be late on a busy machine, or it is they who are left out.
        let deadline: Double = lie == .silence ? 8 : 120
        let status = try await federation.run(impostors: [liar: { Self.play(lie, $0) }]) { bus, _ in
            try await Federation.train(bus, Federation.document(rounds: 2, deadline: deadline))
        }
        #expect(status.phase == .succeeded)
        for round in status.rounds {
            #expect(round.contributors.map(\.edge.text) == ["edge-1", "edge-3"])
            let reason = try #require(round.absent.first { $0.edge == liar }).reason
            let word =
                switch lie {
                case .notANumber: "NaN"
                case .tooLarge: "times as large as the others'"
                case .moreThanItsData: "claims 81 samples, but its data set 'points' has 80"
                case .steps: "claims 17 steps; 80 samples make at most 16"
                case .wrongShape: "tensors"
                case .samples: "0 samples"
                case .loss: "loss"
                case .missingShards: "manifest"
                case .silence: "deadline"
                case .refusal: "no time"
                case .untrained: "-"
                }
            #expect(reason.contains(word), "\(lie): \(reason)")
        }
    }

    /// The bits of 0.5 are no index; those of NaN are no scale, and no change.
    @Test(arguments: [
        ("top-k", Lie.untrained, "cannot be decoded: in tensor 'dense0.weight' it names value"),
        ("int8", .notANumber, "cannot be decoded: in tensor 'dense0.weight' a scale is nan"),
        ("fp16", .notANumber, "NaN"), ("int8", .wrongShape, "tensors"),
    ])
    func anUpdateThatCannotBeDecodedIsLeftOutByName(compression: String, lie: Lie, reason: String) async throws {
        let liar = try Name("edge-2")
        let status = try await Federation().run(impostors: [liar: { Self.play(lie, $0) }]) { bus, _ in
            try await Federation.train(
                bus, Federation.document(rounds: 1, deadline: 120, compression: compression))
        }
        let round = try #require(status.rounds.first)
        #expect(round.contributors.map(\.edge.text) == ["edge-1", "edge-3"])
        #expect(round.absent.first { $0.edge == liar }?.reason.contains(reason) == true, "\(round.absent)")
    }

    @Test func anUpdateNobodyAskedForIsRefused() async throws {
        let federation = try Federation()
        let verdict = try await federation.run { bus, members in
            let status = try await Federation.train(bus, Federation.document(rounds: 1))
            let job = try await bus.call(ResourceContract.get(.trainingJob), ResourceQuery(name: "points")).body.items[
                0]
            let notice = UpdateNotice(
                reference: RoundReference(
                    jobUID: try #require(job.metadata.uid), job: try Name("points"), round: 1),
                manifest: status.rounds[0].manifest, samples: 1_000_000, loss: 0, trainSeconds: 0, fetchedBytes: 0)
            var late = notice
            late.reference.round = 7
            let edge = try #require(members[try Name("edge-1")])
            return try await edge.bus.call(FedLearnContract.update, late, to: .peer(.core)).body
        }
        #expect(!verdict.isAccepted && verdict.reason.contains("not open"))
    }

    /// Answers `fedlearn.train` with a lie.
    private static func play(_ lie: Lie, _ member: Federation.Member) {
        member.bus.handle(FedLearnContract.train) { (request: Inbound<TrainOrder>) -> TrainAcceptance in
            let order = request.body
            switch lie {
            case .silence: return TrainAcceptance(samples: 1)
            case .refusal: throw Failure(code: "busy", message: "no time for this")
            default: break
            }
            let transfer = ModelTransfer(bus: member.bus, trace: .none)
            let whole = try order.architecture.tensors
            let codec = UpdateCodec(order.compression)
            let specs =
                lie == .wrongShape
                ? try Architecture(units: [8, 3]).tensors : codec?.encoded(whole, without: []) ?? whole
            let shapes = specs.map(\.shape)
            let value: Float = lie == .notANumber ? .nan : lie == .tooLarge ? 500 : 0.5
            let tensors = try shapes.map { shape in
                try Tensor([Float](repeating: value, count: shape.reduce(1, *)), shape: shape)
            }
            var digest = try await transfer.publish(
                tensors, as: specs, reference: "lie", tags: order.tags(.update)
            ).digest
            if lie == .missingShards, let unknown = Digest(hex: String(repeating: "0", count: 64)) { digest = unknown }
            let notice = UpdateNotice(
                reference: order.reference, manifest: digest,
                samples: lie == .samples ? 0 : lie == .moreThanItsData ? 81 : lie == .steps ? 80 : 10,
                loss: lie == .loss ? -1 : 1, trainSeconds: 0, fetchedBytes: 0, steps: lie == .steps ? 17 : nil)
            _ = try await member.bus.call(FedLearnContract.update, notice, to: .peer(.core), timeout: .seconds(10))
            return TrainAcceptance(samples: 10)
        }
    }
}
