import Contracts
import Core

/// One round's training at one edge, as a profile keeps it.
struct Observation: Sendable, Hashable, Comparable {
    let time: Timestamp
    let job: String
    let round: Int
    let edge: Name
    let samples: Double
    let seconds: Double

    init(_ record: RoundRecord) {
        time = record.time
        job = record.jobUID
        round = record.round
        edge = record.edge
        samples = Double(record.samples)
        seconds = record.computeSeconds
    }

    /// Whether it is the same round of the same edge.
    func isSameRound(as other: Observation) -> Bool {
        round == other.round && edge == other.edge && job == other.job
    }

    /// A total order, so that what a profile keeps does not depend on the order in which it was told.
    static func < (left: Observation, right: Observation) -> Bool {
        (left.time, left.job, left.round, left.edge, left.seconds, left.samples)
            < (right.time, right.job, right.round, right.edge, right.seconds, right.samples)
    }
}
