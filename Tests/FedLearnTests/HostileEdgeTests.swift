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
        case notANumber, wrongShape, samples, loss, missingShards, silence, refusal
    }

    @Test(arguments: Lie.allCases) func aLyingEdgeIsLeftOutByName(lie: Lie) async throws {
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
                case .wrongShape: "tensors"
                case .samples: "0 samples"
                case .loss: "loss"
                case .missingShards: "manifest"
                case .silence: "deadline"
                case .refusal: "no time"
                }
            #expect(reason.contains(word), "\(lie): \(reason)")
        }
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
            let shapes = lie == .wrongShape ? [[8, 3], [3]] : try order.architecture.tensors.map(\.shape)
            let value = lie == .notANumber ? Float.nan : 0.5
            let tensors = try shapes.map { shape in
                try Tensor([Float](repeating: value, count: shape.reduce(1, *)), shape: shape)
            }
            let architecture = lie == .wrongShape ? Architecture(units: [8, 3]) : order.architecture
            var digest = try await transfer.publish(
                tensors, of: architecture, reference: "lie", tags: order.tags(.update)
            ).digest
            if lie == .missingShards, let unknown = Digest(hex: String(repeating: "0", count: 64)) { digest = unknown }
            let notice = UpdateNotice(
                reference: order.reference, manifest: digest, samples: lie == .samples ? 0 : 10,
                loss: lie == .loss ? -1 : 1, trainSeconds: 0, fetchedBytes: 0)
            _ = try await member.bus.call(FedLearnContract.update, notice, to: .peer(.core), timeout: .seconds(10))
            return TrainAcceptance(samples: 10)
        }
    }
}
