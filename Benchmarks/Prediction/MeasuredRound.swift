import Contracts

/// One round's training that was timed, and what it is for.
struct MeasuredRound: Codable {
    enum Phase: String, Codable {
        /// What a book learns from, one after the other.
        case learn
        /// One of the three small runs of a job that nobody knows.
        case probe
        /// What is predicted: the same round, three times.
        case truth
        /// A round of a federated job, at one of its edges.
        case job
    }

    var phase: Phase
    /// Of the truth: which belong together.
    var group: Int
    var hardware: String
    var record: RoundRecord
}
