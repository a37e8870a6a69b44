import Contracts
import Core
import MessageBus
import Telemetry

/// Brings back models that the core's disk damaged from edges that hold them. Whatever comes is checked against its name,
/// so it does not matter which edge it is.
struct ModelMender: Sendable {
    /// How long edges that are not connected are waited for, all together: after a restart of the core they are on their way.
    private static let patience: Duration = .seconds(10)

    let transfer: ModelTransfer
    /// What the model, or the update, is made of.
    var tensors: [TensorSpec]
    /// For fetching from one edge.
    let timeout: Duration
    let logger: Logger

    /// Whether a failure of this code says that a model is not whole where it should be.
    static func isLoss(_ code: String) -> Bool { code == "missing" || code == "corrupt-shard" }

    /// A manifest all of whose shards are here, fetched back if need be.
    /// - Parameter edges: who may hold it.
    /// - Throws: `FedLearnError` `missing` when nobody does.
    func whole(
        _ digest: Digest, from edges: [Name], reference: String, tags: TransferTags
    ) async throws -> Manifest {
        do { return try await transfer.manifest(digest) } catch let error as any ModuleError
            where Self.isLoss(error.code)
        {
            logger.warning("a model is damaged here; edges are asked for it", ["manifest": digest.hex], error: error)
            return try await fetchBack(digest, from: edges, reference: reference, tags: tags, because: error)
        }
    }

    private func fetchBack(
        _ digest: Digest, from edges: [Name], reference: String, tags: TransferTags, because loss: any ModuleError
    ) async throws -> Manifest {
        let bus = transfer.bus
        let end = ContinuousClock.now + Self.patience
        let asked = Set(edges).sorted()
        var failures: [String] = []
        for edge in asked.filter({ bus.isConnected(PeerID($0)) }) + asked.filter({ !bus.isConnected(PeerID($0)) }) {
            do {
                try await bus.ready(PeerID(edge), timeout: max(.zero, end - .now))
                let reply = try await transfer.fetch(
                    digest, from: PeerID(edge), reference: reference, expecting: tensors, timeout: timeout,
                    tags: tags)
                logger.notice(
                    "a damaged model was fetched back",
                    ["manifest": digest.hex, "edge": edge.text, "shards": "\(reply.movedShards)"])
                return reply.manifest
            } catch let error as any ModuleError {
                try Task.checkCancellation()
                failures.append("\(edge): \(error.message)")
            }
        }
        throw FedLearnError(
            "missing",
            "model \(digest) is damaged on the core's disk, and no edge has what is missing "
                + "(\(failures.isEmpty ? "there is none to ask" : failures.joined(separator: "; "))). Check the disk, then "
                + "delete the job and apply it again",
            cause: loss)
    }
}
