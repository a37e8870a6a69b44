import Contracts
import Core
import Testing

@testable import FedLearn

/// What `auto` makes of a round's times.
@Suite struct AutomaticCompressionTests {
    private static func round(_ sent: CompressionSpec.Kind, saving: Double? = nil) -> RoundCompression {
        RoundCompression(sent: CompressionSpec(kind: sent), wholeBytes: 1, predictedSaving: saving)
    }

    @Test(arguments: [
        (1 << 20, nil, CompressionSpec.Kind.none),
        (1 << 20, round(.none), .none),
        (1 << 20, round(.none, saving: 0.049), .none),
        (1 << 20, round(.none, saving: 0.05), .int8),
        ((1 << 20) - 1, round(.none, saving: 0.9), .none),
        (1 << 20, round(.int8), .int8),
    ])
    func aRoundIsSentAsTheLastOneAsks(bytes: Int, last: RoundCompression?, kind: CompressionSpec.Kind) {
        #expect(AutomaticCompression.choice(modelBytes: bytes, after: last).kind == kind)
    }

    private static func saving(train: Double, total: Double, bytes: Int = 100, fetched: Int = 100) throws -> Double? {
        let update = CountedUpdate(
            edge: try Name("edge-1"), manifest: try ShardAddress(slot: 0, position: 0).digest, samples: 1, loss: 0,
            bytes: bytes, fetchedBytes: fetched, trainSeconds: train, totalSeconds: total, steps: 1, baseLoss: nil)
        return AutomaticCompression.saving(of: update, smaller: 25)
    }

    @Test func timeThatIsNotTrainingIsTheLinks() throws {
        // Half the time moves 200 bytes, of which 75 would not have to move.
        #expect(try Self.saving(train: 5, total: 10) == 0.5 * 75 / 200)
        #expect(try Self.saving(train: 10, total: 10) == 0)
        // DataSync has sent less already.
        #expect(try Self.saving(train: 5, total: 10, bytes: 20) == 0)
        #expect(try Self.saving(train: 0, total: 0) == nil)
        #expect(try Self.saving(train: 1, total: 2, bytes: 0, fetched: 0) == nil)
    }

    @Test func theMedianEdgeDecides() {
        #expect(AutomaticCompression.median([]) == nil)
        #expect(AutomaticCompression.median([0.9]) == 0.9)
        #expect(AutomaticCompression.median([0.9, 0.1]) == 0.1)
        #expect(AutomaticCompression.median([0.9, 0.1, 0.2]) == 0.2)
    }
}
