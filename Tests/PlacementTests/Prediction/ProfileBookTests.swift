import Contracts
import Core
import TestKit
import Testing

@testable import Placement

@Suite struct ProfileBookTests {
    @Test func nothingKnownNothingPredicted() throws {
        var book = ProfileBook()
        #expect(book.predict(.make(), hardware: "fast", samples: 100) == nil)
        // Another family, another precision, and hardware that shares no workload say nothing.
        book.add(try .make(.make(model: "softmax"), 100, seconds: 1, round: 1), hardware: "fast")
        book.add(try .make(.make(precision: "float16"), 100, seconds: 1, round: 2), hardware: "fast")
        book.add(try .make(.make(), 100, seconds: 1, round: 3), hardware: "slow")
        #expect(book.predict(.make(), hardware: "fast", samples: 100) == nil)
    }

    @Test func aMachineIsLearned() throws {
        var generator = SeededGenerator()
        let machine = TimedMachine()
        var book = ProfileBook()
        for round in 1...20 {
            let samples = Int.random(in: 200...4000, using: &generator)
            book.add(try machine.record(.make(), samples, round: round, using: &generator), hardware: "fast")
        }
        for samples in [200, 1000, 4000] {
            let prediction = try #require(book.predict(.make(), hardware: "fast", samples: samples))
            let truth = machine.seconds(.make(), samples)
            #expect(abs(prediction.seconds / truth - 1) < 0.05)
            #expect(prediction.low < truth && truth < prediction.high && prediction.high < 1.5 * truth)
            #expect(prediction.basis.match == .sameWorkload && prediction.runs == 20)
            #expect(prediction.basis.reason.contains("20 runs of this workload on fast"))
        }
    }

    @Test func theFamilySaysWhatAnUnknownWorkloadTakes() throws {
        var generator = SeededGenerator()
        let machine = TimedMachine()
        var book = ProfileBook()
        var round = 0
        for parameters in [5_000, 20_000, 100_000, 400_000] {
            for batch in [16, 64] {
                for samples in [300, 1000, 3000, 500] {
                    round += 1
                    book.add(
                        try machine.record(.make(parameters, batch: batch), samples, round: round, using: &generator),
                        hardware: "fast")
                }
            }
        }
        let asked = TrainingWorkload.make(60_000, batch: 32)
        let prediction = try #require(book.predict(asked, hardware: "fast", samples: 2000))
        #expect(abs(prediction.seconds / machine.seconds(asked, 2000) - 1) < 0.1)
        #expect(prediction.basis.match == .sameFamily)
        #expect(prediction.basis.reason.contains("8 other workloads of perceptron in float32"))
    }

    @Test func otherHardwareIsScaledByWhatRanOnBoth() throws {
        var generator = SeededGenerator()
        let fast = TimedMachine()
        let slow = TimedMachine(name: "slow", start: 0.03, step: 6e-5, arithmetic: 1.2e-9)
        var book = ProfileBook()
        for round in 1...10 {
            let samples = 300 * round
            book.add(try fast.record(.make(), samples, round: round, using: &generator), hardware: "fast")
            for workload in [TrainingWorkload.make(650, model: "softmax"), .make(7850, model: "softmax")] {
                book.add(
                    try fast.record(workload, samples, round: 100 * round, using: &generator), hardware: "fast")
                book.add(
                    try slow.record(workload, samples, round: 101 * round, using: &generator), hardware: "slow")
            }
        }
        let prediction = try #require(book.predict(.make(), hardware: "slow", samples: 2000))
        #expect(abs(prediction.seconds / slow.seconds(.make(), 2000) - 1) < 0.1)
        #expect(prediction.basis.match == .otherHardware)
        #expect(prediction.basis.reason.contains("this workload on fast"))
        #expect(prediction.basis.reason.contains("2 workloads that ran on both"))
    }

    /// Runs at one size say nothing of another; what the family says of the shape does.
    @Test func theShapeComesFromTheFamilyWhereRunsAreAllAlike() throws {
        let machine = TimedMachine(start: 1, noise: 0)
        var generator = SeededGenerator()
        var book = ProfileBook()
        var round = 0
        for (parameters, samples) in [(20_000, 300), (20_000, 3000), (100_000, 300), (100_000, 3000), (50_000, 1000)] {
            for _ in 0..<4 {
                round += 1
                book.add(
                    try machine.record(.make(parameters), samples, round: round, using: &generator), hardware: "fast")
            }
        }
        let asked = TrainingWorkload.make(50_000)
        let prediction = try #require(book.predict(asked, hardware: "fast", samples: 8000))
        #expect(abs(prediction.seconds / machine.seconds(asked, 8000) - 1) < 0.05)
    }

    @Test func aSuspendedMachineAndAWrongClockDoNoHarm() throws {
        var generator = SeededGenerator()
        let machine = TimedMachine()
        var book = ProfileBook()
        for round in 1...30 {
            let samples = Int.random(in: 200...4000, using: &generator)
            var record = try machine.record(.make(), samples, round: round, using: &generator)
            if round % 6 == 0 { record.computeSeconds *= 1000 }
            if round % 10 == 3 { record.computeSeconds /= 1000 }
            book.add(record, hardware: "fast")
        }
        let prediction = try #require(book.predict(.make(), hardware: "fast", samples: 2000))
        #expect(abs(prediction.seconds / machine.seconds(.make(), 2000) - 1) < 0.05)
    }

    @Test func aMachineThatChangesIsFollowed() throws {
        var generator = SeededGenerator()
        let before = TimedMachine()
        let after = TimedMachine(start: 0.02, step: 4e-5, arithmetic: 8e-10)
        var book = ProfileBook()
        for round in 1...80 {
            let samples = Int.random(in: 200...4000, using: &generator)
            let machine = round <= 60 ? before : after
            book.add(try machine.record(.make(), samples, round: round, using: &generator), hardware: "fast")
        }
        let prediction = try #require(book.predict(.make(), hardware: "fast", samples: 2000))
        #expect(abs(prediction.seconds / after.seconds(.make(), 2000) - 1) < 0.05)
    }

    /// What is told in another order, twice, or all at once, is predicted the same.
    @Test func theOrderOfTellingDoesNotMatter() throws {
        var generator = SeededGenerator()
        let machine = TimedMachine(noise: 0.1)
        var records: [(RoundRecord, String)] = []
        for round in 1...400 {
            let workload = TrainingWorkload.make(
                [5_000, 40_000, 300_000].randomElement(using: &generator) ?? 1,
                batch: Bool.random(using: &generator) ? 16 : 64)
            let record = try machine.record(
                workload, .random(in: 100...4000, using: &generator), round: round, using: &generator)
            records.append((record, round % 3 == 0 ? "slow" : "fast"))
        }
        var book = ProfileBook()
        book.add(records)
        for _ in 0..<5 {
            var other = ProfileBook()
            for (record, hardware) in (records + records.prefix(50)).shuffled(using: &generator) {
                other.add(record, hardware: hardware)
            }
            for hardware in ["fast", "slow"] {
                for parameters in [5_000, 40_000, 100_000] {
                    #expect(
                        book.predict(.make(parameters, batch: 16), hardware: hardware, samples: 1234)
                            == other.predict(.make(parameters, batch: 16), hardware: hardware, samples: 1234))
                }
            }
        }
    }

    /// Over many machines the interval holds what happens next about as often as it says.
    @Test func theIntervalCoversNinetyOfAHundred() throws {
        var generator = SeededGenerator()
        var (inside, all) = (0, 0)
        for _ in 0..<60 {
            var machine = TimedMachine()
            machine.start = Double.random(in: 0...0.05, using: &generator)
            machine.noise = Double.random(in: 0.01...0.15, using: &generator)
            var book = ProfileBook()
            for round in 1...40 {
                let samples = Int.random(in: 200...4000, using: &generator)
                let record = try machine.record(.make(), samples, round: round, using: &generator)
                if round > 5, let score = book.score(record, hardware: "fast") {
                    all += 1
                    inside += score.isCovered ? 1 : 0
                }
                book.add(record, hardware: "fast")
            }
        }
        let coverage = Double(inside) / Double(all)
        #expect(all == 60 * 35 && (0.85...0.96).contains(coverage), "covered \(coverage) of \(all)")
    }

    @Test func predictionsAreScoredAgainstWhatHappened() throws {
        var book = ProfileBook()
        let first = try RoundRecord.make(.make(), 1000, seconds: 1, round: 1)
        #expect(book.score(first, hardware: "fast") == nil)
        book.add(first, hardware: "fast")
        let score = try #require(book.score(try .make(.make(), 1000, seconds: 1.25, round: 2), hardware: "fast"))
        #expect(abs(score.predicted - 1) < 1e-9 && abs(score.error - 0.2) < 1e-9)
        #expect(score.basis == "same-workload" && score.isCovered == (score.high >= 1.25))
        let accuracy = try #require(book.accuracy(of: .make(), hardware: "fast"))
        #expect(accuracy.count == 1 && abs(accuracy.meanError - 0.2) < 1e-9)
        #expect(book.accuracy(of: .make(), hardware: "slow") == nil)
    }
}
