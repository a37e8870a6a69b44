import Contracts
import Core

/// Training jobs at any point of their lives.
struct SampleJob {
    var name = "digits"
    var rounds = 3
    var phase = JobPhase.running
    var finished: [RoundSummary] = []
    /// How many of the finished rounds, the newest, the record holds.
    var held = Int.max
    var current: CurrentRound?
    var baseline: Double?
    var message = ""
    var created = Timestamp(milliseconds: 1_700_000_000_000)
    var ended = Timestamp(milliseconds: 1_700_000_004_500)

    static let edges = ["edge-1", "edge-2", "edge-3"]

    static func name(_ text: String) throws -> Name { try Name(text) }

    static func round(
        _ number: Int, accuracy: Double?, seconds: Double = 0.8, absent: [(String, String)] = []
    ) throws -> RoundSummary {
        let present = edges.filter { edge in !absent.contains { $0.0 == edge } }
        return RoundSummary(
            round: number, model: "demo/digits/\(number)", manifest: try digest(),
            contributors: try present.map { Contribution(edge: try name($0), samples: 400, loss: 0.3, bytes: 10_650) },
            absent: try absent.map { Absence(edge: try name($0.0), reason: $0.1) }, accuracy: accuracy,
            loss: accuracy.map { 1 - $0 }, seconds: seconds, bytesToEdges: 31_950,
            bytesFromEdges: 10_650 * present.count)
    }

    static func digest() throws -> Digest {
        guard let digest = Digest(hex: String(repeating: "0", count: 64)) else { throw CommandFailure() }
        return digest
    }

    struct CommandFailure: Error {}

    private var totals: RoundTotals {
        finished.reduce(into: RoundTotals()) { totals, round in totals.add(round) }
    }

    func record() throws -> ResourceRecord {
        let plan = PlacementPlan(
            trainingType: .federated, typeReason: "data stays at the edges",
            decisions: try Self.edges.map {
                PlacementDecision(edge: try Name($0), outcome: .chosen, score: 1, reason: "has the data")
            })
        let condition = Condition(type: phase.rawValue, isTrue: true, reason: "Test", message: message, since: ended)
        let status = TrainingJobStatus(
            phase: phase, conditions: [condition], completedRounds: finished.count, trainingType: .federated,
            placement: plan,
            current: current, rounds: finished.suffix(held), totals: totals, baselineAccuracy: baseline,
            model: finished.last?.model, traceID: .none)
        return ResourceRecord(
            kind: .trainingJob,
            metadata: ResourceMetadata(
                group: try Name("demo"), project: try Name("digits"), name: name, created: created, uid: "u1"),
            spec: .object(["rounds": .integer(Int64(rounds))]), status: try JSONValue(encoding: status))
    }

    /// The life of a job that succeeds, one record for each change.
    static func life() throws -> [ResourceRecord] {
        var job = SampleJob()
        var records = [try job.record()]
        let first = try round(1, accuracy: 0.8722)
        let second = try round(2, accuracy: 0.9305, seconds: 2.4, absent: [("edge-2", "no update before the deadline")])
        let third = try round(3, accuracy: 0.9611)
        for (index, summary) in [first, second, third].enumerated() {
            job.current = CurrentRound(
                round: index + 1, state: "Training", participants: try edges.map { try Name($0) },
                received: [try Name("edge-1")])
            records.append(try job.record())
            job.finished.append(summary)
            job.current = nil
            if index == 2 {
                job.phase = .succeeded
                job.baseline = 0.9639
            }
            records.append(try job.record())
        }
        return records
    }
}
