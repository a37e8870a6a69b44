public import Contracts

/// What every manifest must obey before a byte is allocated or moved for it.
public struct ManifestRules: Sendable {
    public var limits: ManifestLimits

    public init(limits: ManifestLimits = ManifestLimits()) { self.limits = limits }

    /// The bytes of a tensor of this shape.
    /// - Throws: `invalid-manifest` for a shape that is no shape, `too-large` when its bytes cannot be counted.
    public func bytes(of tensor: TensorSpec) throws(DataSyncError) -> Int {
        let name = tensor.name.prefix(80)
        guard !tensor.name.isEmpty, tensor.name.utf8.count <= limits.nameBytes else {
            throw DataSyncError(
                .invalidManifest, "tensor '\(name)': a name has 1 to \(limits.nameBytes) bytes")
        }
        guard tensor.shape.count <= limits.dimensions, tensor.shape.allSatisfy({ $0 >= 0 }) else {
            throw DataSyncError(
                .invalidManifest,
                "tensor '\(name)': a shape has at most \(limits.dimensions) dimensions, none of them negative")
        }
        var bytes = tensor.type.bytes
        for dimension in tensor.shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
            guard !overflow else {
                throw DataSyncError(.tooLarge, "tensor '\(name)': a shape of \(tensor.shape) is beyond all memory")
            }
            bytes = product
        }
        return bytes
    }

    /// The bytes of each tensor, whose names must differ.
    public func bytes(of tensors: [TensorSpec]) throws(DataSyncError) -> [Int] {
        guard tensors.count <= limits.tensors else {
            throw DataSyncError(.tooLarge, "\(tensors.count) tensors, more than \(limits.tensors)")
        }
        var names: Set<String> = []
        var sizes: [Int] = []
        var total = 0
        for tensor in tensors {
            guard names.insert(tensor.name).inserted else {
                throw DataSyncError(.invalidManifest, "two tensors are called '\(tensor.name.prefix(80))'")
            }
            let size = try bytes(of: tensor)
            let (sum, overflow) = total.addingReportingOverflow(size)
            guard !overflow else { throw DataSyncError(.tooLarge, "the tensors together are beyond all memory") }
            total = sum
            sizes.append(size)
        }
        return sizes
    }

    /// Checks that the shards cover every tensor once, in order, without gap or overlap, and stay within the limits.
    /// - Returns: the raw bytes of all tensors.
    public func check(_ manifest: Manifest, maximumBytes: Int) throws(DataSyncError) -> Int {
        guard manifest.version == 1 else {
            throw DataSyncError(
                .invalidManifest, "a manifest of version \(manifest.version), but this program reads version 1")
        }
        let sizes = try bytes(of: manifest.tensors)
        let total = sizes.reduce(0, +)
        guard total <= maximumBytes else {
            throw DataSyncError(.tooLarge, "\(total) bytes, but at most \(maximumBytes) were expected")
        }
        guard manifest.shards.count <= limits.shards else {
            throw DataSyncError(.tooLarge, "\(manifest.shards.count) shards, more than \(limits.shards)")
        }
        // Where the next shard must begin; tensors without bytes have none.
        var tensor = sizes.firstIndex { $0 > 0 } ?? sizes.count
        var offset = 0
        var sizeByDigest: [Digest: Int] = [:]
        for (index, shard) in manifest.shards.enumerated() {
            guard tensor < sizes.count, shard.tensor == tensor, shard.offset == offset else {
                throw DataSyncError(
                    .invalidManifest,
                    "shard \(index) lies at byte \(shard.offset) of tensor \(shard.tensor), not where the one before it ends"
                )
            }
            guard shard.size > 0, shard.size <= min(limits.shardBytes, sizes[tensor] - offset) else {
                throw DataSyncError(
                    .invalidManifest,
                    "shard \(index) has \(shard.size) bytes; it must have 1 to \(limits.shardBytes) and end in its tensor"
                )
            }
            guard sizeByDigest.updateValue(shard.size, forKey: shard.digest) ?? shard.size == shard.size else {
                throw DataSyncError(.invalidManifest, "shard \(shard.digest) has two sizes")
            }
            offset += shard.size
            if offset == sizes[tensor] {
                offset = 0
                repeat { tensor += 1 } while tensor < sizes.count && sizes[tensor] == 0
            }
        }
        guard tensor == sizes.count else {
            throw DataSyncError(.invalidManifest, "the shards end at byte \(offset) of tensor \(tensor)")
        }
        return total
    }
}
