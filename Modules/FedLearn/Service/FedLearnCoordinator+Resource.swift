import Contracts
import Core
import MessageBus
import Telemetry
import YAMLKit

extension FedLearnCoordinator {
    /// Answers the resource calls for jobs and for the models they make, and tells a job's rounds.
    nonisolated func registerResource() {
        bus.handle(ResourceContract.apply(.trainingJob)) { [self] request in try await apply(request.body) }
        bus.handle(ResourceContract.get(.trainingJob)) { [self] (request: Inbound<ResourceQuery>) -> ResourceList in
            try await jobs(request.body)
        }
        bus.handle(ResourceContract.describe(.trainingJob)) { [self] (request: Inbound<ResourceName>) -> TextReply in
            TextReply(text: JobPresentation.describe(try await job(named: request.body.name)))
        }
        bus.handle(ResourceContract.explain(.trainingJob)) {
            [strategies] (request: Inbound<ExplainRequest>) -> TextReply in
            TextReply(text: try JobDocumentation.text(for: request.body.path, strategies: strategies))
        }
        bus.handle(ResourceContract.delete(.trainingJob)) { [self] (request: Inbound<ResourceName>) -> Empty in
            try await remove(request.body.name)
            return Empty()
        }
        bus.handleStream(ResourceContract.watch(.trainingJob)) { [self] request, writer in
            let job = try await job(named: request.body.name)
            let updates = changes.values(of: job.name)
            try await writer.send(try job.record())
            for await record in updates { try await writer.send(record) }
        }
        bus.handle(FedLearnContract.rounds) { [self] (request: Inbound<RoundReference>) -> RoundPage in
            try await rounds(after: request.body)
        }
        bus.handle(ResourceContract.get(.model)) { [self] (request: Inbound<ResourceQuery>) -> ResourceList in
            try await models(request.body)
        }
        bus.handle(ResourceContract.describe(.model)) { [self] (request: Inbound<ResourceName>) -> TextReply in
            TextReply(text: ModelPresentation.describe(try await model(named: request.body.name)))
        }
        bus.handle(ResourceContract.explain(.model)) { (_: Inbound<ExplainRequest>) -> TextReply in
            TextReply(text: ModelPresentation.explanation)
        }
    }

    private func apply(_ request: ApplyRequest) async throws -> ApplyReply {
        let document = try TrainingJobDocument.read(
            request.text, source: request.source, firstLine: request.firstLine, strategies: strategies)
        if let policy = document.spec.sync { try await check(policy, source: request.source) }
        let name = document.metadata.name
        // `try?`: the only failure is that there is no such job yet.
        if let old = try? job(named: name.text) {
            var outcome = try old.document.outcome(ofApplying: document, completed: old.rounds.count)
            // It is tried again from its last committed round.
            if [.failed, .cancelled].contains(old.phase) { outcome = .configured }
            if request.isDryRun {
                var changed = old
                changed.document = document
                return ApplyReply(name: name.text, outcome: outcome, notes: try await forecast(changed))
            }
            guard outcome != .unchanged else { return ApplyReply(name: name.text, outcome: outcome) }
            try await replace(document, of: old.uid)
            return ApplyReply(name: name.text, outcome: outcome)
        }
        if let owner = allJobs.first(where: { $0.path == ProjectPath(document.metadata) }) {
            throw FedLearnError(
                "conflict",
                "\(request.source): the models of \(owner.path) belong to job '\(owner.name)'; give '\(name)' another "
                    + "project, or delete job '\(owner.name)'")
        }
        let trace = TraceID.random()
        let header = JobHeader(
            phase: .pending, conditions: [], placement: nil, initialManifest: nil, baselineAccuracy: nil, traceID: trace
        )
        let job = Job(
            uid: TraceID.random().description, created: wallClock.now(), document: document, header: header, rounds: [])
        try await checkBase(of: document.spec, source: request.source)
        if request.isDryRun {
            return ApplyReply(name: name.text, outcome: .created, notes: try await forecast(job))
        }
        try await add(job)
        logger.notice("job created", ["job": name.text, "trace": trace.description])
        return ApplyReply(name: name.text, outcome: .created)
    }

    /// Where the job would run now and when it would be finished, as lines.
    private func forecast(_ job: Job) async throws -> [String] {
        guard job.needsRounds else { return [] }
        let plan = try await bus.call(PlacementContract.plan, placementRequest(of: job), trace: job.traceID).body
        return try await warnings(job)
            + PlacementText.forecast(plan, minimum: job.spec.minimumClients, now: wallClock.now())
    }

    /// Names in the job that mean nothing now: an edge may still join and a job be made, but as often they are misspelt.
    private func warnings(_ job: Job) async throws -> [String] {
        func unknown(_ names: [Name], _ field: String, _ what: String, among known: Set<String>, _ noun: String)
            -> [String]
        {
            names.filter { !known.contains($0.text) }.map { name in
                let hint = NearestName.hint(for: name.text, among: known, noun: noun)
                return "warning: \(field) names \(what) '\(name)', which the core does not know"
                    + (known.isEmpty ? "; there are no \(noun) yet" : hint)
            }
        }
        var warnings: [String] = []
        if let names = job.spec.clients?.edges {
            let known = try await knownEdges(job.traceID)
            warnings += unknown(names, "spec.clients.edges", "edge", among: known, "edges")
        }
        let others = Set(allJobs.filter { $0.uid != job.uid }.map(\.name.text))
        return warnings
            + unknown(job.spec.placement?.apartFrom ?? [], "spec.placement.apartFrom", "job", among: others, "jobs")
    }

    private func knownEdges(_ trace: TraceID) async throws -> Set<String> {
        var names: Set<String> = []
        var query = LoadsQuery()
        while true {
            let page = try await bus.call(TopologyContract.loads, query, trace: trace).body
            // The core's own machine has no phase.
            names.formUnion(page.machines.filter { $0.phase != nil }.map(\.name.text))
            guard page.hasMore, let last = page.machines.last?.name else { return names }
            query.after = last
        }
    }
}

extension FedLearnCoordinator {
    /// - Throws: `FedLearnError` `not-found` for a policy that there is not.
    private func check(_ policy: Name, source: String) async throws {
        let reply = try await bus.call(SyncPolicyContract.exists, PolicyName(name: policy)).body
        guard !reply.exists else { return }
        throw FedLearnError(
            "not-found",
            "\(source): spec.sync names policy '\(policy)', which there is not"
                + NearestName.hint(for: policy.text, among: reply.known.map(\.text), noun: "policies"))
    }
}

extension ProjectPath {
    fileprivate init(_ metadata: TrainingJobDocument.Metadata) {
        self.init(group: metadata.group, project: metadata.project)
    }
}

extension TrainingJobDocument {
    /// What applying `new` over this document does.
    /// - Throws: `FedLearnError` `immutable` when it would change what committed rounds depend on.
    fileprivate func outcome(ofApplying new: TrainingJobDocument, completed: Int) throws -> ApplyOutcome {
        if new == self { return .unchanged }
        var same = self
        same.metadata.labels = new.metadata.labels
        same.spec.rounds = new.spec.rounds
        same.spec.target = new.spec.target
        same.spec.sync = new.spec.sync
        same.spec.placement = new.spec.placement
        guard same == new, new.spec.rounds >= completed else {
            throw FedLearnError(
                "immutable",
                "job '\(metadata.name)' exists with another spec; only labels, spec.sync, spec.placement, spec.target "
                    + "and spec.rounds (at least the \(completed) committed) can change. Delete it first, or choose another name"
            )
        }
        return .configured
    }
}
