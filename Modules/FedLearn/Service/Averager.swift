import Contracts
import Core
import MessageBus
import Tensor

/// Federated averaging (McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data",
/// AISTATS 2017): Σ nₖ/n · wₖ over the clients k, shard by shard.
///
/// One shard of one update is in memory at a time beside the result, so memory does not grow with the number of edges. Terms
/// are added in the order of `updates`: same updates in the same order, same bits.
struct Averager: Sendable {
    struct Update: Sendable {
        var edge: Name
        var manifest: Manifest
        var samples: Int
    }

    /// An update that holds NaN or infinity: it cannot be averaged.
    struct NotFinite: Error {
        var edge: Name
        var tensor: String
    }

    let transfer: ModelTransfer

    /// - Parameters:
    ///   - base: the manifest all updates started from; theirs must be cut the same way.
    /// - Throws: `NotFinite` for the first update that cannot be averaged.
    func average(_ updates: [Update], base: Manifest) async throws -> [Tensor] {
        let total = Double(updates.reduce(0) { $0 + $1.samples })
        var result = try base.tensors.map { try Tensor(zeros: $0.shape) }
        for (index, span) in base.shards.enumerated() {
            for update in updates {
                let bytes = try await transfer.shard(update.manifest.shards[index])
                let isFinite = bytes.withUnsafeBytes { Kernels.isFinite($0.assumingMemoryBound(to: Float.self)) }
                guard isFinite else {
                    throw NotFinite(edge: update.edge, tensor: base.tensors[span.tensor].name)
                }
                let weight = Float(Double(update.samples) / total)
                result[span.tensor].withUnsafeMutableBufferPointer { values in
                    bytes.withUnsafeBytes { Kernels.accumulate(into: values.span(of: span), from: $0, weight: weight) }
                }
            }
        }
        return result
    }
}

extension Manifest {
    /// Whether both are the same tensors cut at the same places.
    func isCutLike(_ other: Manifest) -> Bool {
        tensors == other.tensors && shards.count == other.shards.count
            && zip(shards, other.shards).allSatisfy { left, right in
                left.tensor == right.tensor && left.offset == right.offset && left.size == right.size
            }
    }
}
