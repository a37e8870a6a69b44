import Contracts
import Core
import MessageBus
import Tensor

/// Federated averaging (McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data",
/// AISTATS 2017): Σ nₖ/n · wₖ over the clients k, shard by shard.
///
/// The same shard of at most eight updates is in memory at a time beside the result, so memory does not grow with the number
/// of edges. Terms are added in the order of `updates`: same updates in the same order, same bits.
struct Averager: Sendable {
    /// An update that holds NaN or infinity: it cannot be averaged.
    struct NotFinite: Error {
        var edge: Name
        var tensor: String
    }

    /// Shards that are read before they are added in one pass.
    private static let group = 8

    /// Shards that are averaged between two looks at how much memory is free.
    private static let stretch = 8

    let transfer: ModelTransfer
    /// Gives free memory back: the buffers of many shards leave holes that the next ones do not fit.
    var settleMemory: @Sendable () async -> Void = {}

    /// - Parameters:
    ///   - base: the manifest all updates started from; theirs must be cut the same way.
    /// - Throws: `NotFinite` for the first update that cannot be averaged, `FedLearnError` `diverged` when finite updates
    ///   have an average that is not.
    func average(_ updates: [CountedUpdate], base: Manifest) async throws -> [Tensor] {
        var manifests: [Manifest] = []
        for update in updates { manifests.append(try await transfer.manifest(update.manifest)) }
        let total = Double(updates.reduce(0) { $0 + $1.samples })
        var result = try base.tensors.map { try Tensor(zeros: $0.shape) }
        for (index, span) in base.shards.enumerated() {
            for start in stride(from: 0, to: updates.count, by: Self.group) {
                let group = updates[start..<min(updates.count, start + Self.group)]
                var shards: [Attachment] = []
                for manifest in manifests[group.indices] {
                    shards.append(try await transfer.shard(manifest.shards[index]))
                }
                let weights = group.map { Float(Double($0.samples) / total) }
                result[span.entry].withUnsafeMutableBufferPointer { values in
                    Self.withBytes(shards[...]) {
                        if start == 0 {
                            Kernels.weightedSum(into: values.span(of: span), sources: $0, weights: weights)
                        } else {
                            Kernels.accumulate(into: values.span(of: span), sources: $0, weights: weights)
                        }
                    }
                }
            }
            // NaN and infinity stay in a sum, so one look at the result tells; who it was is asked only then.
            let isFinite = result[span.entry].withUnsafeMutableBufferPointer {
                Kernels.isFinite(UnsafeBufferPointer($0.span(of: span)))
            }
            if !isFinite {
                try await blame(updates, manifests, shard: index, tensor: base.tensors[span.entry].name)
            }
            if index % Self.stretch == Self.stretch - 1 { await settleMemory() }
        }
        return result
    }

    private func blame(
        _ updates: [CountedUpdate], _ manifests: [Manifest], shard index: Int, tensor: String
    ) async throws -> Never {
        for (update, manifest) in zip(updates, manifests) {
            let bytes = try await transfer.shard(manifest.shards[index])
            let isFinite = bytes.withUnsafeBytes { Kernels.isFinite($0.bindMemory(to: Float.self)) }
            if !isFinite { throw NotFinite(edge: update.edge, tensor: tensor) }
        }
        throw FedLearnError(
            "diverged", "the average of tensor '\(tensor)' is out of float32's range; lower spec.optimizer.learningRate"
        )
    }

    /// Gives `body` the bytes of all `shards` at once.
    private static func withBytes(
        _ shards: ArraySlice<Attachment>, _ bytes: [UnsafeRawBufferPointer] = [],
        _ body: ([UnsafeRawBufferPointer]) -> Void
    ) {
        guard let first = shards.first else { return body(bytes) }
        first.withUnsafeBytes { withBytes(shards.dropFirst(), bytes + [$0], body) }
    }
}

extension Manifest {
    /// Whether both are the same tensors cut at the same places.
    func isCutLike(_ other: Manifest) -> Bool {
        tensors == other.tensors && shards.count == other.shards.count
            && zip(shards, other.shards).allSatisfy { left, right in
                left.entry == right.entry && left.offset == right.offset && left.size == right.size
            }
    }
}
