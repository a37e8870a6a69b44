import Contracts
import Core

/// The rounds of a job, of which its record holds the newest alone.
struct RoundHistory: Sendable {
    let core: CoreClient

    /// Hands `body` the committed rounds of `job` after the round `number`, oldest first: those the record lacks from the
    /// core, page after page, then the record's own.
    func forEach(of job: JobView, after number: Int, _ body: (RoundSummary) throws -> Void) async throws {
        let own = job.status.rounds.filter { $0.round > number }
        let end = own.first?.round ?? job.status.completedRounds + 1
        if number + 1 < end { try await fetch(job, from: number + 1, to: end - 1, body) }
        for round in own { try body(round) }
    }

    /// The record of a job with all its rounds under `status.rounds`.
    func completed(_ record: ResourceRecord) async throws -> ResourceRecord {
        let job = try JobView(record)
        guard job.status.rounds.count < job.status.completedRounds, case .object(var status) = record.status else {
            return record
        }
        var rounds: [JSONValue] = []
        try await forEach(of: job, after: 0) { rounds.append(try JSONValue(encoding: $0)) }
        status["rounds"] = .array(rounds)
        var record = record
        record.status = .object(status)
        return record
    }

    private func fetch(_ job: JobView, from first: Int, to last: Int, _ body: (RoundSummary) throws -> Void)
        async throws
    {
        var reference = RoundReference(jobUID: job.uid, job: try Name(job.name), round: first - 1)
        while reference.round < last {
            let page = try await core.call(FedLearnContract.rounds, reference).rounds
            guard let newest = page.last?.round, newest > reference.round else {
                throw CommandError("malformed", "the core lacks round \(reference.round + 1) of job/\(job.name)")
            }
            for round in page where round.round <= last { try body(round) }
            reference.round = newest
        }
    }
}
