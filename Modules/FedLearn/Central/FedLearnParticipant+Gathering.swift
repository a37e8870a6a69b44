import Contracts
import Core
import Datasets
import MessageBus
import Tensor

/// Data that goes to the core, for jobs that train there.
extension FedLearnParticipant {
    nonisolated func registerGathering() {
        bus.handle(FedLearnContract.gather) { [self] (request: Inbound<GatherOrder>) -> GatherOffer in
            try Self.requireCore(request.peer)
            return try await offer(request.body, trace: request.trace)
        }
    }

    /// Publishes this edge's share, to be fetched until the core says that it needs it no more.
    private func offer(_ order: GatherOrder, trace: TraceID) async throws -> GatherOffer {
        // Asked first, so that nothing is written that must stay where it is. What serves the data asks once more.
        let verdict = try await bus.call(
            SyncPolicyContract.mayLeave, SyncExplainRequest(tags: order.tags, from: PeerID(edge), to: .core),
            trace: trace
        ).body
        guard verdict.verdict != .refuse else {
            throw FedLearnError(
                "refused", "data set '\(order.name)' does not leave it: \(verdict.reason) (\(verdict.rule))")
        }
        let data = try await data(order.dataset, features: order.features, classes: order.classes)
        let tensors = [
            try Tensor(data.features, shape: [data.count, data.featureCount]),
            try Tensor(data.labels.map { Float($0) }, shape: [data.count]),
        ]
        let summary = try await ModelTransfer(bus: bus, trace: trace).publish(
            tensors, as: order.tensors(samples: data.count),
            reference: "\(Job.referencePrefix(order.reference.jobUID))data", tags: order.tags)
        return GatherOffer(manifest: summary.digest, samples: data.count)
    }
}
