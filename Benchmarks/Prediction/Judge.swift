import Contracts
import Core
import FoundationEssentials
import Placement

/// Feeds measured rounds to a profile book and compares what it says with what was measured.
struct Judge {
    /// The class that is known, and the one that is new.
    static let known = "known"
    static let new = "new"

    private let rounds: [MeasuredRound]
    /// How many runs of a workload the book has seen.
    private static let learned = 20
    /// The shapes that have run on the new hardware: one of softmax, three of perceptrons.
    private static let yardsticks: Set<String> = ["job-1", "job-5", "job-8", "job-13"]

    /// Which seconds are predicted.
    enum Clock: String {
        case processor, wall
    }

    private let clock: Clock

    init(lines: [String], clock: Clock) throws {
        self.clock = clock
        rounds = try lines.map { line in
            var round = try JSONDecoder().decode(MeasuredRound.self, from: Data(line.utf8))
            if clock == .wall { round.record.computeSeconds = round.record.totalSeconds }
            return round
        }
    }

    func run() {
        judgeKnown()
        judgeCold()
        judgeNewHardware()
        judgeJobs()
    }

    private func select(_ phase: MeasuredRound.Phase, _ hardware: String = Judge.known) -> [RoundRecord] {
        rounds.filter { $0.phase == phase && $0.hardware == hardware }.map(\.record)
    }

    /// The first runs of every workload that `include` wants, in the order they were made.
    private func lessons(_ hardware: String = Judge.known, _ include: (RoundRecord) -> Bool = { _ in true })
        -> [RoundRecord]
    {
        var counts: [Name: Int] = [:]
        return select(.learn, hardware).filter { record in
            guard include(record) else { return false }
            counts[record.job, default: 0] += 1
            return counts[record.job, default: 0] <= Self.learned
        }
    }

    /// Rounds that were measured three times: the middle one, and all.
    private func truths(_ hardware: String = Judge.known) -> [(middle: RoundRecord, all: [RoundRecord])] {
        let grouped = Dictionary(grouping: rounds.filter { $0.phase == .truth && $0.hardware == hardware }) {
            "\($0.record.job) \($0.group)"
        }
        return grouped.keys.sorted().compactMap { key in
            let all = (grouped[key] ?? []).map(\.record).sorted { $0.computeSeconds < $1.computeSeconds }
            return all.count == 3 ? (all[1], all) : nil
        }
    }

    private func judgeKnown() {
        var book = ProfileBook()
        let lessons = lessons()
        book.add(lessons.map { ($0, Self.known) })
        var score = Score("after 20 runs, \(clock.rawValue) time")
        for (middle, all) in truths() {
            let prediction = book.predict(middle.workload, hardware: Self.known, samples: middle.samples)
            score.add(prediction, middle, all, alternative: perSample(lessons, middle))
        }
        score.report()
    }

    private func judgeCold() {
        var score = Score("cold, three probes, \(clock.rawValue) time")
        let probes = select(.probe)
        let lessons = lessons()
        for (middle, all) in truths() {
            let own = probes.filter { $0.workload == middle.workload }
            var book = ProfileBook()
            book.add((lessons.filter { $0.workload != middle.workload } + own).map { ($0, Self.known) })
            let prediction = book.predict(middle.workload, hardware: Self.known, samples: middle.samples)
            score.add(prediction, middle, all, alternative: perSample(own, middle))
        }
        score.report()
    }

    private func judgeNewHardware() {
        guard rounds.contains(where: { $0.hardware == Self.new }) else { return }
        var book = ProfileBook()
        let lessons = lessons()
        let here = self.lessons(Self.new) { Self.yardsticks.contains($0.job.text) }
        book.add(lessons.map { ($0, Self.known) } + here.map { ($0, Self.new) })
        var score = Score("unseen hardware, \(clock.rawValue) time")
        for (middle, all) in truths(Self.new) where !Self.yardsticks.contains(middle.job.text) {
            let prediction = book.predict(middle.workload, hardware: Self.new, samples: middle.samples)
            score.add(prediction, middle, all, alternative: perSample(lessons, middle))
        }
        score.report()
    }

    /// Jobs of three edges, composed of rounds that were measured one by one.
    private func judgeJobs() {
        var book = ProfileBook()
        let lessons = lessons()
        book.add(lessons.map { ($0, Self.known) })
        var score = Score("whole federated job, \(clock.rawValue) time")
        let aggregation = 0.01
        for (_, records) in Dictionary(grouping: select(.job), by: \.job).sorted(by: { $0.key < $1.key }) {
            let edges = Dictionary(grouping: records, by: \.edge).sorted { $0.key < $1.key }
            let transfer = TransferEstimate(
                fetchedBytes: 4 * Double(records[0].workload.parameters),
                sentBytes: 4 * Double(records[0].workload.parameters), downBytesPerSecond: 50e6,
                upBytesPerSecond: 25e6, roundTripSeconds: 0.01
            ).seconds
            let parts = edges.compactMap { edge, records in
                book.predict(records[0].workload, hardware: Self.known, samples: records[0].samples).map {
                    RoundPart(edge: edge, compute: $0, transferSeconds: transfer)
                }
            }
            let count = edges[0].value.count
            let actual = (0..<count).reduce(0.0) { sum, round in
                sum + aggregation + transfer + (edges.map { $0.value[round].computeSeconds }.max() ?? 0)
            }
            let slowest = edges.map { perSample(lessons, $0.value[0]) }.max() ?? 0
            score.add(
                FederatedJob.predict(parts, rounds: count, aggregationSeconds: aggregation), actual,
                alternative: Double(count) * (slowest + transfer + aggregation))
        }
        score.report()
    }

    /// The seeds' formula: input size times what a sample took in the mean of earlier runs.
    private func perSample(_ earlier: [RoundRecord], _ record: RoundRecord) -> Double {
        let rates = earlier.filter { $0.workload == record.workload }.map { $0.computeSeconds / Double($0.samples) }
        return rates.reduce(0, +) / Double(max(1, rates.count)) * Double(record.samples)
    }
}
