import Contracts
import TestKit
import Testing

@testable import Placement

@Suite struct ProbeDesignTests {
    @Test func probesAreFewSmallAndDifferent() {
        var generator = SeededGenerator()
        for _ in 0..<500 {
            let workload = TrainingWorkload.make(batch: Int.random(in: 1...256, using: &generator))
            let samples = Int.random(in: 1...100_000, using: &generator)
            let counts = ProbeDesign.sampleCounts(for: workload, samples: samples)
            #expect(counts == Set(counts).sorted() && counts.allSatisfy { 1...samples ~= $0 })
            guard samples > 60 * workload.batchSize else { continue }
            #expect(counts.count == 3 && counts.reduce(0, +) <= samples / 10)
            #expect(counts.allSatisfy { $0 % workload.batchSize == 0 })
        }
    }

    /// Three probes and nothing else: the whole round is known to a few parts in a hundred.
    @Test func threeProbesPredictTheWholeRound() throws {
        var generator = SeededGenerator()
        for (start, step) in [(0.001, 1e-5), (0.0, 4e-5), (0.02, 1e-6)] {
            let machine = TimedMachine(start: start, step: step, noise: 0.01)
            var book = ProfileBook()
            for (round, count) in ProbeDesign.sampleCounts(for: .make(), samples: 20_000).enumerated() {
                book.add(try machine.record(.make(), count, round: round, using: &generator), hardware: "fast")
            }
            let prediction = try #require(book.predict(.make(), hardware: "fast", samples: 20_000))
            let truth = machine.seconds(.make(), 20_000)
            #expect(abs(prediction.seconds / truth - 1) < 0.15)
            #expect(prediction.low < truth && truth < prediction.high)
        }
    }
}
