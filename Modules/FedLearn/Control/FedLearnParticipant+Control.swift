import Contracts
import MessageBus
import Tensor

extension FedLearnParticipant {
    /// Both control variates of a round, and the bytes that moved for everybody's; `nil` where the order asks for none.
    /// - Parameter own: what this edge kept of the last round to which it was counted.
    func controlVariate(
        of order: TrainOrder, own: [Tensor]?, _ transfer: ModelTransfer
    ) async throws -> (terms: ControlVariate, bytes: Int)? {
        guard let control = order.controlVariate else { return nil }
        let specs = try order.architecture.tensors
        let zeros = try specs.map { try Tensor(zeros: $0.shape) }
        guard let manifest = control.manifest else {
            return (ControlVariate(own: own ?? zeros, common: zeros), 0)
        }
        let reply = try await transfer.fetch(
            manifest, from: .core,
            reference: "\(Job.referencePrefix(order.reference.jobUID))\(order.reference.round)/control",
            expecting: specs,
            timeout: .seconds(order.deadlineSeconds), tags: order.tags(.model))
        return (ControlVariate(own: own ?? zeros, common: try await transfer.read(reply.manifest)), reply.movedBytes)
    }
}
