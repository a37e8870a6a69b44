import Contracts
import Core

extension FedLearnCoordinator {
    /// A round's model and the job that made it.
    typealias Model = (job: Job, round: RoundSummary)

    /// One job with its newest rounds, or a page of all jobs without any.
    func jobs(_ query: ResourceQuery) throws -> ResourceList {
        var page = ResourcePage(columns: JobPresentation.columns, limit: query.limit)
        if let name = query.name {
            let job = try job(named: name)
            _ = page.add(try job.record(), row: JobPresentation.row(job))
            return page.answer()
        }
        var last = query.continuation
        for job in allJobs where job.isMatch(for: query) {
            if let last, job.name.text <= last { continue }
            guard page.add(try job.listedRecord(), row: JobPresentation.row(job)) else {
                return page.answer(continuation: last)
            }
            last = job.name.text
        }
        return page.answer()
    }

    /// One model, or a page of all: by job, the newest round of each first.
    func models(_ query: ResourceQuery) async throws -> ResourceList {
        var page = ResourcePage(columns: ModelPresentation.columns, limit: query.limit)
        if let name = query.name {
            let model = try await model(named: name)
            _ = page.add(ModelPresentation.record(model), row: ModelPresentation.row(model))
            return page.answer()
        }
        let start = try query.continuation.map(ModelCursor.init)
        for job in allJobs where job.isMatch(for: query) {
            if let start, job.name < start.job { continue }
            var cursor = ModelCursor(job: job.name, before: .max)
            if let start, job.name == start.job { cursor = start }
            while true {
                guard page.room > 0 else { return page.answer(continuation: cursor.text) }
                let rounds = try await storage.rounds(of: job.uid, .before(cursor.before), limit: page.room)
                if rounds.isEmpty { break }
                for round in rounds {
                    let model = (job, round)
                    guard page.add(ModelPresentation.record(model), row: ModelPresentation.row(model)) else {
                        return page.answer(continuation: cursor.text)
                    }
                    cursor.before = round.round
                }
            }
        }
        return page.answer()
    }

    /// The model `{group}/{project}/{round}`.
    func model(named name: String) async throws -> Model {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let number = Int(parts[2]), "\(number)" == parts[2],
            let job = allJobs.first(where: { $0.path.description == "\(parts[0])/\(parts[1])" }),
            let round = try await storage.round(number, of: job.uid)
        else { throw FedLearnError.unknownModel(name) }
        return (job, round)
    }

    /// The committed rounds after `reference`, as many as make one answer.
    func rounds(after reference: RoundReference) async throws -> RoundPage {
        guard let job = job(uid: reference.jobUID, name: reference.job) else {
            throw FedLearnError.unknownJob(reference.job.text)
        }
        return RoundPage(
            rounds: try await storage.rounds(
                of: job.uid, .after(reference.round), limit: ResourcePage.maximumItems))
    }
}

extension Job {
    fileprivate func isMatch(for query: ResourceQuery) -> Bool {
        (query.group == nil || query.group == path.group) && (query.project == nil || query.project == path.project)
    }
}

/// Where a page of models goes on: the rounds of `job` before `before`, then the jobs after it.
private struct ModelCursor {
    var job: Name
    var before: Int

    init(job: Name, before: Int) {
        self.job = job
        self.before = before
    }

    /// - Throws: `FedLearnError` `invalid` for a text that no answer ended with.
    init(_ text: String) throws {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let before = Int(parts[1]) else {
            throw FedLearnError(
                "invalid", "'\(text.prefix(80))' continues no list of models; ask for the list from its start")
        }
        self.init(job: try Name(String(parts[0])), before: before)
    }

    var text: String { "\(job) \(before)" }
}
