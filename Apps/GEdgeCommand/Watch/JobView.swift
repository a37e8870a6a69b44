import Contracts
import Core

/// A training job as its displays need it.
struct JobView: Sendable, Hashable {
    let name: String
    let uid: String
    /// `{group}/{project}`, as far as they are named.
    let project: String
    /// Rounds asked for.
    let rounds: Int
    let status: TrainingJobStatus
    /// From the job's creation to its end; while it runs, the time of its rounds.
    let wallSeconds: Double

    /// - Throws: when the record is not one of a training job, such as from a core of another version.
    init(_ record: ResourceRecord) throws {
        name = record.metadata.name
        uid = record.metadata.uid ?? ""
        project = [record.metadata.group?.text, record.metadata.project?.text].compactMap { $0 }.joined(separator: "/")
        rounds = Int(record.spec["rounds"]?.integer ?? 0)
        do {
            status = try record.status.decoded(as: TrainingJobStatus.self)
        } catch {
            throw CommandError(
                "malformed",
                "the core describes \(record.kind.word)/\(name) in words this gedge does not know; "
                    + "use the gedge that came with the core", cause: error)
        }
        let end = status.phase.isTerminal ? status.conditions.map(\.since).max() : nil
        if let end, let created = record.metadata.created, end > created {
            wallSeconds = Double(end.milliseconds - created.milliseconds) / 1000
        } else {
            wallSeconds = status.totals.seconds
        }
    }

    /// The newest accuracy that was measured.
    var accuracy: Double? { status.rounds.last { $0.accuracy != nil }?.accuracy }

    /// The newest policy's mean return.
    var meanReturn: Double? { status.rounds.last { $0.meanReturn != nil }?.meanReturn }

    /// What the platform says about the job's phase, if it says anything.
    var explanation: String? {
        let condition = status.conditions.max { $0.since < $1.since }
        return condition.flatMap { $0.message.isEmpty ? nil : TextWidth.printable($0.message) }
    }
}
