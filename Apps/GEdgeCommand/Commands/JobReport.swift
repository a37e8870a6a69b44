import Contracts
import Core

/// A job's outcome in figures.
struct JobReport: Encodable, Sendable, Hashable {
    let job: String
    let phase: JobPhase
    /// Of the final model on the evaluation data; `null` when the job names none.
    let accuracy: Double?
    /// Of the final policy; `null` for a model that is none.
    let meanReturn: Double?
    /// Of the same model trained centrally.
    let baselineAccuracy: Double?
    /// Rounds that were committed.
    let rounds: Int
    /// Edges that contributed to at least one round.
    let edges: Int
    /// As in `JobView`.
    let wallSeconds: Double
    let bytesToEdges: Int
    let bytesFromEdges: Int
    /// The newest model, `{group}/{project}/{round}`.
    let model: String?

    init(_ record: ResourceRecord) throws {
        let view = try JobView(record)
        let status = view.status
        job = view.name
        phase = status.phase
        accuracy = view.accuracy
        meanReturn = view.meanReturn
        baselineAccuracy = status.baselineAccuracy
        rounds = status.completedRounds
        edges = status.totals.edges.count
        wallSeconds = view.wallSeconds
        bytesToEdges = status.totals.bytesToEdges
        bytesFromEdges = status.totals.bytesFromEdges
        model = status.model
    }

    private enum Key: String, CodingKey {
        case job, phase, accuracy, meanReturn, baselineAccuracy, rounds, edges, wallSeconds, bytesToEdges,
            bytesFromEdges
        case model
    }

    /// Writes every key, `null` where there is no figure, so that a reader can tell "none" from "not asked".
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(job, forKey: .job)
        try container.encode(phase, forKey: .phase)
        try container.encode(accuracy, forKey: .accuracy)
        try container.encode(meanReturn, forKey: .meanReturn)
        try container.encode(baselineAccuracy, forKey: .baselineAccuracy)
        try container.encode(rounds, forKey: .rounds)
        try container.encode(edges, forKey: .edges)
        try container.encode(wallSeconds, forKey: .wallSeconds)
        try container.encode(bytesToEdges, forKey: .bytesToEdges)
        try container.encode(bytesFromEdges, forKey: .bytesFromEdges)
        try container.encode(model, forKey: .model)
    }
}
