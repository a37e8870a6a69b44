import Contracts
import Core
import MessageBus
import Tensor

/// What an edge sends of what it trained, and what it keeps.
extension FedLearnParticipant {
    /// What this edge keeps of a job to itself.
    struct Kept: Sendable {
        var round: Int
        /// The personal parts of its model.
        var own: [Tensor]
        /// What its last update left out, of each tensor that is sent.
        var residual: [Tensor]
        /// Its control variate, of each tensor.
        var control: [Tensor]
    }

    private static func controlSpecs(_ tensors: [TensorSpec]) -> [TensorSpec] {
        tensors.map { TensorSpec(name: "control/\($0.name)", shape: $0.shape) }
    }

    private static func residualSpecs(_ tensors: [TensorSpec], without withheld: [Int]) -> [TensorSpec] {
        tensors.indices.filter { !withheld.contains($0) }.map {
            TensorSpec(name: "residual/\(tensors[$0].name)", shape: tensors[$0].shape)
        }
    }

    /// What this edge kept in its newest earlier round, if there was one.
    func kept(
        _ own: [Int], _ withheld: [Int], _ codec: UpdateCodec?, _ global: [Tensor], of order: TrainOrder,
        _ transfer: ModelTransfer
    ) async throws -> Kept? {
        let keepsResidual = codec?.keepsResidual == true
        guard !own.isEmpty || keepsResidual || order.controlVariate != nil,
            let last = try await storage.personal(for: order.reference, at: order.lastCounted)
        else { return nil }
        let kept = try await transfer.read(try await transfer.manifest(last.manifest))
        let sent = keepsResidual ? global.indices.filter { !withheld.contains($0) } : []
        // Rounds before this one may have sent their updates whole.
        let (whole, control) = (own.map { global[$0].shape }, order.controlVariate == nil ? [] : global.map(\.shape))
        guard [whole + control, whole + sent.map { global[$0].shape } + control].contains(kept.map(\.shape)) else {
            throw FedLearnError(
                "wrong-shape",
                "what this edge kept of job '\(order.reference.job)' in round \(last.round) does not fit the job's model; delete "
                    + "the job and apply it again")
        }
        return Kept(
            round: last.round, own: Array(kept.prefix(own.count)),
            residual: Array(kept.dropFirst(own.count).dropLast(control.count)),
            control: Array(kept.suffix(control.count)))
    }

    /// Drops what was kept of all rounds but this one and the one that it went on from.
    func dropKept(but round: Int, of reference: RoundReference, _ transfer: ModelTransfer) async throws {
        try await storage.forgetPersonal(job: reference.jobUID, but: [round, reference.round])
        let kept = [round, reference.round].map { Job.personalReference(reference.jobUID, round: $0) }
        for old in try await transfer.references(Job.personalPrefix(reference.jobUID)) where !kept.contains(old) {
            try await transfer.release(old)
        }
    }

    /// Publishes an update as the order wants it sent, and what of it stays here.
    /// - Parameters:
    ///   - own: tensors that stay here.
    ///   - withheld: tensors that are not sent: those, and the ones that are not trained.
    ///   - last: what the last round kept.
    ///   - control: the edge's next control variate, of the model as it is sent.
    /// - Returns: the update's manifest, and that of what is kept, if anything is.
    func send(
        _ model: [Tensor], base: [Tensor], keeping own: [Int], withholding withheld: [Int], _ codec: UpdateCodec?,
        _ last: Kept?, of order: TrainOrder, _ transfer: ModelTransfer,
        control: ([Tensor]) throws -> [Tensor] = { _ in [] }
    ) async throws -> (update: Digest, kept: Digest?) {
        let (reference, specs) = (order.reference, try order.architecture.tensors)
        let place = "\(Job.referencePrefix(reference.jobUID))\(reference.round)/update"
        let encoding = try codec?.encode(model, base: base, residual: last?.residual ?? [], without: withheld)
        let update: ManifestSummary
        var variate: [Tensor] = []
        if let codec, let encoding {
            update = try await transfer.publish(
                encoding.sent, as: codec.encoded(specs, without: withheld), reference: place, tags: order.tags(.update))
        } else {
            // The core has what it sent: what is personal goes back as it came, and so does not move.
            var shared = model
            for index in withheld { shared[index] = base[index] }
            variate = try control(shared)
            update = try await transfer.publish(shared, as: specs, reference: place, tags: order.tags(.update))
        }
        let residual = encoding?.residual ?? []
        guard !own.isEmpty || !residual.isEmpty || !variate.isEmpty else { return (update.digest, nil) }
        let kept = try await transfer.publish(
            own.map { model[$0] } + residual + variate,
            as: own.map { specs[$0] } + (residual.isEmpty ? [] : Self.residualSpecs(specs, without: withheld))
                + (variate.isEmpty ? [] : Self.controlSpecs(specs)),
            reference: Job.personalReference(reference.jobUID, round: reference.round), tags: order.tags(.model))
        return (update.digest, kept.digest)
    }
}
