import Contracts
import Core
import MessageBus

extension SyncPolicyService {
    nonisolated func registerPolicyResource() {
        bus.handle(ResourceContract.apply(.syncPolicy)) { [self] (request: Inbound<ApplyRequest>) -> ApplyReply in
            let body = request.body
            let document = try SyncPolicyDocument.read(body.text, source: body.source, firstLine: body.firstLine)
            let outcome = try await apply(document, isDryRun: body.isDryRun)
            return ApplyReply(name: document.metadata.name.text, outcome: outcome)
        }
        bus.handle(ResourceContract.get(.syncPolicy)) { [self] (request: Inbound<ResourceQuery>) -> ResourceList in
            try await list(request.body)
        }
        bus.handle(ResourceContract.describe(.syncPolicy)) { [self] (request: Inbound<ResourceName>) -> TextReply in
            let policy = try await policy(named: request.body.name)
            return TextReply(text: PolicyPresentation.describe(policy))
        }
        bus.handle(ResourceContract.explain(.syncPolicy)) { (request: Inbound<ExplainRequest>) -> TextReply in
            TextReply(text: try FieldDocumentation.syncPolicy.text(for: request.body.path))
        }
        bus.handle(ResourceContract.delete(.syncPolicy)) { [self] (request: Inbound<ResourceName>) -> Empty in
            try await delete(request.body.name)
            return Empty()
        }
    }

    /// A policy and where it comes from.
    func policy(named text: String) throws -> ShownPolicy {
        guard let policy = shown.first(where: { $0.name.text == text }) else {
            let hint = NearestName.hint(for: text, among: shown.map(\.name.text), noun: "policies")
            throw DataSyncError(.notFound, "there is no policy '\(text.prefix(80))'\(hint)")
        }
        return policy
    }

    /// Every policy in force, by name.
    private var shown: [ShownPolicy] {
        inForce.sorted { $0.name < $1.name }.map { policy in
            let isShipped = shipped.contains { $0.name == policy.name }
            return ShownPolicy(
                name: policy.name, spec: policy.spec, stored: policies[policy.name],
                origin: policies[policy.name] == nil ? .shipped : isShipped ? .replacesShipped : .applied)
        }
    }

    private func list(_ query: ResourceQuery) throws -> ResourceList {
        var page = ResourcePage(columns: PolicyPresentation.columns, limit: query.limit)
        if let name = query.name {
            let policy = try policy(named: name)
            _ = page.add(try policy.record(), row: PolicyPresentation.row(policy))
            return page.answer()
        }
        // A policy belongs to no project.
        if query.group != nil { return page.answer() }
        var last = query.continuation
        for policy in shown {
            if let last, policy.name.text <= last { continue }
            guard page.add(try policy.record(), row: PolicyPresentation.row(policy)) else {
                return page.answer(continuation: last)
            }
            last = policy.name.text
        }
        return page.answer()
    }

    private func delete(_ text: String) async throws {
        let policy = try policy(named: text)
        guard policy.stored != nil else {
            throw DataSyncError(
                .conflict,
                "policy '\(text)' comes with GEdge and cannot be deleted; apply one of the same name to replace it")
        }
        if policy.origin == .applied {
            if let user = datasets.values.first(where: { $0.document.spec.sync == policy.name }) {
                throw DataSyncError(
                    .conflict,
                    "policy '\(text)' is named by dataset/\(user.document.dataset) (spec.sync); change that first")
            }
            if let job = try await job(naming: policy.name) {
                throw DataSyncError(
                    .conflict, "policy '\(text)' is named by job/\(job), which has not ended; wait for it, or delete it"
                )
            }
        }
        try await remove(policy: policy.name)
    }

    /// A job that is not over and names the policy.
    private func job(naming policy: Name) async throws -> String? {
        var query = ResourceQuery()
        while true {
            let page: ResourceList
            do { page = try await bus.call(ResourceContract.get(.trainingJob), query).body } catch let error as BusError
                where error.is(.unknownSubject)
            {
                return nil  // Nothing here runs jobs.
            }
            let found = page.items.first { job in
                let phase = job.status["phase"]?.string.flatMap(JobPhase.init(rawValue:))
                return job.spec["sync"]?.string == policy.text && !(phase?.isTerminal ?? false)
            }
            if let found { return found.metadata.name }
            guard let next = page.continuation, next != query.continuation else { return nil }
            query.continuation = next
        }
    }
}
