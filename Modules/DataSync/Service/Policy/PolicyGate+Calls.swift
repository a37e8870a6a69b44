import Contracts
import Core
import MessageBus

extension PolicyGate {
    /// Registers `explain` and `audit`, which the core passes on to the edge that a question names.
    func registerCalls(on bus: Bus) {
        bus.handle(SyncPolicyContract.explain) { [self] (request: Inbound<SyncExplainRequest>) -> SyncExplanation in
            var question = request.body
            guard let edge = question.edge, PeerID(edge) != cloud else { return await explain(question) }
            question.edge = nil
            return try await bus.call(
                SyncPolicyContract.explain, question, to: .peer(PeerID(edge)), trace: request.trace
            ).body
        }
        bus.handle(SyncPolicyContract.mayLeave) { [self] (request: Inbound<SyncExplainRequest>) -> SyncExplanation in
            let explanation = await explain(request.body)
            if explanation.verdict == .refuse { try await note(unpublished: request.body, explanation) }
            return explanation
        }
        bus.handle(SyncPolicyContract.audit) { [self] (request: Inbound<AuditQuery>) -> AuditList in
            var query = request.body
            guard let edge = query.edge, PeerID(edge) != cloud else {
                return AuditList(entries: try await audit.list(limit: query.limit))
            }
            query.edge = nil
            return try await bus.call(SyncPolicyContract.audit, query, to: .peer(PeerID(edge)), trace: request.trace)
                .body
        }
    }

    private func explain(_ question: SyncExplainRequest) async -> SyncExplanation {
        let decision = await decide(
            question.tags, from: question.from, to: question.to, bytes: question.bytes, manifest: nil)
        var explanation = SyncExplanation(
            verdict: .allow, cloud: cloud, rule: decision.rule.description, reason: decision.reason,
            steps: decision.steps)
        switch decision.outcome {
        case .allow(let terms):
            explanation.priority = terms.priority
            explanation.codec = terms.codec
            explanation.retention = terms.retention
            explanation.consistency = terms.consistency
        case .defer(let until, _):
            explanation.verdict = .defer
            explanation.until = until
        case .refuse: explanation.verdict = .refuse
        }
        return explanation
    }
}
