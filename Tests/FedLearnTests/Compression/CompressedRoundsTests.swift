import Contracts
import Core
import Foundation
import MessageBus
import TestKit
import Testing

@testable import FedLearn

/// Encoded updates in whole rounds.
@Suite struct CompressedRoundsTests {
    private static func run(_ compression: String, rounds: Int = 4) async throws -> TrainingJobStatus {
        try await Federation().run { bus, _ in
            try await Federation.train(
                bus, Federation.document(rounds: rounds, deadline: 120, minimum: 3, compression: compression))
        }
    }

    @Test func fewerBytesLearnAsWell() async throws {
        let whole = try await Self.run("none")
        let accuracy = try #require(whole.rounds.last?.accuracy)
        let model = 4 * (8 * 200 + 200 + 200 * 3 + 3)
        for (compression, share) in [
            ("fp16", 0.55), ("bfloat16", 0.55), ("int8", 0.32), ("top-k, fraction: 0.05", 0.15),
        ] {
            let status = try await Self.run(compression)
            let last = try #require(status.rounds.last)
            #expect(last.contributors.count == 3 && last.absent.isEmpty)
            #expect(abs((last.accuracy ?? 0) - accuracy) < 0.05, "\(compression): \(last.accuracy ?? 0), \(accuracy)")
            #expect(
                Double(last.bytesFromEdges) < share * Double(3 * model), "\(compression): \(last.bytesFromEdges) bytes")
        }
    }

    /// What updates left out is at the edges' disks: a job that is stopped and goes on makes the same models.
    @Test(arguments: ["int8", "top-k, fraction: 0.05"]) func residualsOutliveARestart(compression: String) async throws
    {
        let text: @Sendable (Int) -> String = {
            Federation.document(
                rounds: $0, deadline: 120, minimum: 3, personal: "[dense1.bias]", compression: compression)
        }
        let whole = try await Federation().run { bus, _ in try await Federation.train(bus, text(4)) }
        let federation = try Federation()
        _ = try await federation.run { bus, _ in try await Federation.train(bus, text(2)) }
        let resumed = try await federation.run { bus, _ in try await Federation.train(bus, text(4)) }
        #expect(resumed.rounds.map(\.manifest) == whole.rounds.map(\.manifest))
    }

    /// A core that lost a round asks for it again: edges begin with what the round before left out, not with what that one did.
    @Test(arguments: ["int8", "top-k, fraction: 0.05"]) func aRoundThatIsTrainedAgainSendsTheSame(compression: String)
        async throws
    {
        let text: @Sendable (Int) -> String = {
            Federation.document(rounds: $0, deadline: 120, minimum: 3, compression: compression)
        }
        let federation = try Federation()
        _ = try await federation.run { bus, _ in try await Federation.train(bus, text(2)) }
        let (core, copy) = (federation.directory.file("core"), federation.directory.file("copy"))
        try FileManager.default.copyItem(atPath: core, toPath: copy)
        let first = try await federation.run { bus, _ in try await Federation.train(bus, text(3)) }
        try FileManager.default.removeItem(atPath: core)
        try FileManager.default.moveItem(atPath: copy, toPath: core)
        let again = try await federation.run { bus, _ in try await Federation.train(bus, text(3)) }
        #expect(again.rounds.last?.round == 3)
        #expect(again.rounds.map(\.manifest) == first.rounds.map(\.manifest))
    }

    /// `auto` begins with whole updates and tells why it goes on as it does.
    @Test func smallModelsAreSentWholeUnderAuto() async throws {
        let (status, text) = try await Federation().run { bus, _ in
            let status = try await Federation.train(
                bus, Federation.document(rounds: 2, deadline: 120, minimum: 3, compression: "auto"))
            let text = try await bus.call(
                ResourceContract.describe(.trainingJob), ResourceName(name: "points")
            ).body.text
            return (status, text)
        }
        let told = try #require(status.rounds.last?.compression)
        #expect(told.sent.kind == .none && told.wholeBytes == 3 * 4 * (8 * 200 + 200 + 200 * 3 + 3))
        #expect(try #require(told.predictedSaving) >= 0)
        #expect(text.contains("Compression: auto, none; int8 would save "), "\(text)")
    }

    @Test func aJobTellsHowItsUpdatesAreSent() async throws {
        let text = try await Federation().run { bus, _ in
            _ = try await Federation.train(
                bus, Federation.document(rounds: 1, deadline: 120, minimum: 3, compression: "top-k, fraction: 0.05"))
            return try await bus.call(
                ResourceContract.describe(.trainingJob), ResourceName(name: "points")
            ).body.text
        }
        #expect(text.contains("Compression: top-k of 5.0%; round 1 sent "), "\(text)")
    }
}
