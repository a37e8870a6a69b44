import Contracts
import Core
import Glibc
import TestKit
import Testing

@testable import Placement

@Suite struct HostileRecordTests {
    @Test(arguments: [Double.nan, .infinity, -.infinity, -1, 0, 1e300, .leastNonzeroMagnitude])
    func aTimeThatNoRoundTakesIsNotLearned(_ seconds: Double) throws {
        var book = ProfileBook()
        let record = try RoundRecord.make(.make(), 100, seconds: seconds, round: 1)
        #expect(record.flaw?.contains("computeSeconds") == true)
        book.add(record, hardware: "fast")
        #expect(book.score(record, hardware: "fast") == nil)
        #expect(book.count == 0)
    }

    @Test func numbersThatNoWorkloadHasAreNotLearned() throws {
        var book = ProfileBook()
        for number in [Int.min, -1, 0, Int.max] {
            var workloads = [TrainingWorkload](repeating: .make(), count: 4)
            workloads[0].parameters = number
            workloads[1].batchSize = number
            workloads[2].localEpochs = number
            workloads[3].features = number
            for workload in workloads {
                #expect(workload.flaw != nil)
                book.add(try .make(workload, 100, seconds: 1, round: 1), hardware: "fast")
                #expect(book.predict(workload, hardware: "fast", samples: 100) == nil)
            }
            book.add(try .make(.make(), number, seconds: 1, round: 1), hardware: "fast")
        }
        var long = TrainingWorkload.make()
        long.model = String(repeating: "m", count: 257)
        book.add(try .make(long, 100, seconds: 1, round: 1), hardware: "fast")
        #expect(book.count == 0)
    }

    /// Whatever sound records say, in whatever disorder, a prediction is a number between its bounds.
    @Test func wildRecordsGiveNumbers() async throws {
        var generator = SeededGenerator()
        func wild(_ most: Double) -> Double { Double.random(in: 0...most, using: &generator) }
        for _ in 0..<10 {
            await Task.yield()  // Other tests share the threads.
            var book = ProfileBook(limit: 20)
            for round in 1...30 {
                let workload = TrainingWorkload.make(
                    Int(pow(10, wild(12))), batch: Int(pow(10, wild(12))), epochs: Int(pow(10, wild(12))))
                let record = try RoundRecord.make(
                    Bool.random(using: &generator) ? workload : .make(), Int(pow(10, wild(12))),
                    seconds: pow(10, wild(15) - 7), round: round)
                let hardware = Bool.random(using: &generator) ? "fast" : "slow"
                for samples in [1, 1000, 1_000_000_000_000] {
                    guard let prediction = book.predict(record.workload, hardware: hardware, samples: samples) else {
                        continue
                    }
                    #expect(prediction.seconds.isFinite && prediction.seconds > 0)
                    #expect(prediction.low <= prediction.seconds && prediction.seconds <= prediction.high)
                    #expect(prediction.high.isFinite && prediction.bias.isFinite && prediction.noise.isFinite)
                }
                book.add(record, hardware: hardware)
            }
            #expect(book.count <= 20)
        }
    }

    /// As many profiles as there may be, and the newest stay.
    @Test func profilesAreBounded() throws {
        var book = ProfileBook(limit: 10_000)
        book.add(
            (1...12_000).lazy.compactMap { round in
                // `try?`: the names are names.
                (try? RoundRecord.make(.make(round), 100, seconds: 1, round: round)).map { ($0, "fast") }
            })
        #expect(book.count <= 10_000 && book.count > 9_000)
        #expect(book.predict(.make(12_000), hardware: "fast", samples: 100)?.basis.match == .sameWorkload)
        #expect(book.predict(.make(1), hardware: "fast", samples: 100)?.basis.match == .sameFamily)
    }
}
