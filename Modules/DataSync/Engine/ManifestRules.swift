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

    /// The bytes of all files, whose paths must be safe to write, in order, and not stand in each other's way.
    public func bytes(of files: [FileSpec]) throws(DataSyncError) -> Int {
        guard files.count <= limits.files else {
            throw DataSyncError(.tooLarge, "\(files.count) files, more than \(limits.files)")
        }
        var total = 0
        for (index, file) in files.enumerated() {
            let name = file.path.prefix(80)
            if let problem = FilePath.problem(file.path, maximumBytes: limits.pathBytes) {
                throw DataSyncError(.invalidManifest, "file '\(name)': \(problem)")
            }
            guard index == 0 || FilePath.precedes(files[index - 1].path, file.path) else {
                throw DataSyncError(
                    .invalidManifest, "file '\(name)' stands twice, or not in the order of the paths' bytes")
            }
            guard (0...0o777).contains(file.mode), file.size >= 0 else {
                throw DataSyncError(
                    .invalidManifest, "file '\(name)': a mode is 0 to \(0o777) and a size is not negative")
            }
            let (sum, overflow) = total.addingReportingOverflow(file.size)
            guard !overflow else { throw DataSyncError(.tooLarge, "the files together are beyond all disks") }
            total = sum
        }
        let names = Set(files.map { Array($0.path.utf8) })
        for file in files {
            for parent in FilePath.parents(of: file.path) where names.contains(Array(parent)) {
                throw DataSyncError(
                    .invalidManifest,
                    "'\(String(decoding: parent, as: UTF8.self).prefix(80))' is a file and a directory")
            }
        }
        return total
    }

    /// Checks that the shards cover every tensor, or all files, once, in order, without gap or overlap, and stay within the
    /// limits.
    /// - Returns: the raw bytes of all tensors or files.
    public func check(_ manifest: Manifest, maximumBytes: Int) throws(DataSyncError) -> Int {
        guard manifest.version == Manifest.currentVersion else {
            throw DataSyncError(
                .invalidManifest,
                "a manifest of version \(manifest.version), but this program reads version \(Manifest.currentVersion)")
        }
        guard manifest.tensors.isEmpty || manifest.files.isEmpty else {
            throw DataSyncError(.invalidManifest, "a manifest lists tensors or files, not both")
        }
        let sizes =
            manifest.files.isEmpty ? try bytes(of: manifest.tensors) : [try bytes(of: manifest.files)]
        let total = sizes.reduce(0, +)
        guard total <= maximumBytes else {
            throw DataSyncError(.tooLarge, "\(total) bytes, but at most \(maximumBytes) were expected")
        }
        try check(manifest.shards, cover: sizes)
        return total
    }

    private func check(_ shards: [ShardSpec], cover sizes: [Int]) throws(DataSyncError) {
        guard shards.count <= limits.shards else {
            throw DataSyncError(.tooLarge, "\(shards.count) shards, more than \(limits.shards)")
        }
        // Where the next shard must begin; entries without bytes have none.
        var entry = sizes.firstIndex { $0 > 0 } ?? sizes.count
        var offset = 0
        var known: [Digest: ShardSpec] = [:]
        known.reserveCapacity(shards.count)
        for (index, shard) in shards.enumerated() {
            guard entry < sizes.count, shard.entry == entry, shard.offset == offset else {
                throw DataSyncError(
                    .invalidManifest,
                    "shard \(index) lies at byte \(shard.offset) of entry \(shard.entry), not where the one before it ends"
                )
            }
            guard shard.size > 0, shard.size <= min(limits.shardBytes, sizes[entry] - offset) else {
                throw DataSyncError(
                    .invalidManifest,
                    "shard \(index) has \(shard.size) bytes; it must have 1 to \(limits.shardBytes) and end in its entry"
                )
            }
            guard (1...LeafList.maximumLeaves).contains(shard.leaves), shard.leaves <= shard.size,
                shard.size <= shard.leaves * Leaf.maximumBytes
            else {
                throw DataSyncError(
                    .invalidManifest,
                    "shard \(index) of \(shard.size) bytes has \(shard.leaves) leaves; there are 1 to "
                        + "\(LeafList.maximumLeaves), of 1 to \(Leaf.maximumBytes) bytes each")
            }
            if let other = known.updateValue(shard, forKey: shard.digest),
                other.size != shard.size || other.leaves != shard.leaves
            {
                throw DataSyncError(.invalidManifest, "shard \(shard.digest) has two sizes")
            }
            offset += shard.size
            if offset == sizes[entry] {
                offset = 0
                repeat { entry += 1 } while entry < sizes.count && sizes[entry] == 0
            }
        }
        guard entry == sizes.count else {
            throw DataSyncError(.invalidManifest, "the shards end at byte \(offset) of entry \(entry)")
        }
    }
}
