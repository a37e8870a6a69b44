public import Contracts
import Core
public import MessageBus
import Store
import Telemetry

extension DataSyncService {
    /// Cuts tensors into shards, stores them durably and holds them by `request.reference`.
    ///
    /// The bytes are read in place; hashing, compression and writing run on the service's threads, several shards at once.
    /// Publishing the same bytes again costs their hashing and no space.
    /// - Parameter tensors: the raw little-endian bytes of each tensor.
    /// - Throws: `DataSyncError` `invalid-request`, `invalid-manifest` or `too-large`; `StoreError` `full` (retriable) or
    ///   `io`, and then nothing is held.
    public func publish(_ request: PublishRequest, tensors: [Attachment]) async throws -> ManifestSummary {
        try checkReference(request.reference)
        let sizes = try rules.bytes(of: request.tensors)
        guard sizes == tensors.map(\.count) else { throw Self.mismatch(request.tensors, sizes, tensors) }
        let spans = ShardSpan.cut(tensorBytes: sizes, shardBytes: configuration.shardBytes)
        guard spans.count <= configuration.limits.shards else {
            throw DataSyncError(
                .tooLarge, "\(spans.count) shards, more than \(configuration.limits.shards); use larger shards")
        }
        // A release that runs meanwhile may remove a shard that was found here and not written again: then once more.
        for _ in 0..<4 {
            let stored = try await keep(spans, of: tensors)
            let manifest = Manifest(
                tensors: request.tensors,
                shards: zip(spans, stored).map { span, shard in
                    ShardSpec(digest: shard.digest, size: span.size, tensor: span.tensor, offset: span.offset)
                })
            let digest = manifest.digest
            let isHeld = try await naming.within {
                try await store.write { [shards, clock] connection in
                    guard stored.allSatisfy({ shards.contains($0.digest) }) else { return false }
                    let catalogue = Catalogue(connection: connection)
                    try catalogue.insert(manifest, digest: digest, now: clock.now())
                    try catalogue.hold(digest, for: request.reference)
                    return try catalogue.setComplete(digest, true)
                }
            }
            guard isHeld else { continue }
            metrics.publishedBytes.increment(by: manifest.rawBytes)
            return ManifestSummary(
                digest: digest, shards: stored.count, rawBytes: manifest.rawBytes,
                storedBytes: Set(stored).reduce(0) { $0 + $1.storedBytes })
        }
        throw DataSyncError(
            .missing, "shards of '\(request.reference)' were removed as fast as they were written; try again",
            isRetriable: true)
    }

    /// Stores every span; durable when this returns.
    private func keep(_ spans: [ShardSpan], of tensors: [Attachment]) async throws -> [StoredShard] {
        let batches = ShardSpan.batches(spans, bytes: configuration.batchBytes)
        return try await withThrowingTaskGroup(of: (Int, [StoredShard]).self) { group in
            var stored: [Int: [StoredShard]] = [:]
            for (index, batch) in batches.enumerated() {
                // One batch on each thread and one that waits.
                if index > workers.count, let (index, shards) = try await group.next() { stored[index] = shards }
                group.addTask { [shards, workers] in
                    try Task.checkCancellation()
                    return (index, try await workers.run { try shards.keep(batch, of: tensors) })
                }
            }
            for try await (index, shards) in group { stored[index] = shards }
            return batches.indices.flatMap { stored[$0] ?? [] }
        }
    }

    func checkReference(_ reference: String) throws {
        guard (1...512).contains(reference.utf8.count) else {
            throw DataSyncError(
                .invalidRequest,
                "a reference has 1 to 512 bytes, such as 'fedlearn/JOB/3/global'; this one has "
                    + "\(reference.utf8.count)")
        }
    }

    private static func mismatch(_ specs: [TensorSpec], _ sizes: [Int], _ tensors: [Attachment]) -> DataSyncError {
        guard specs.count == tensors.count else {
            return DataSyncError(
                .invalidRequest, "\(tensors.count) attachments for \(specs.count) tensors; send one for each, in order")
        }
        let index = sizes.indices.first { sizes[$0] != tensors[$0].count } ?? 0
        return DataSyncError(
            .invalidRequest,
            "tensor '\(specs[index].name.prefix(80))' of shape \(specs[index].shape) has \(sizes[index]) bytes, but its "
                + "attachment has \(tensors[index].count)")
    }
}

extension ShardStore {
    /// Stages and commits one batch of spans.
    fileprivate func keep(_ spans: ArraySlice<ShardSpan>, of tensors: [Attachment]) throws -> [StoredShard] {
        let staged = try spans.map { span in
            try tensors[span.tensor].withUnsafeBytes { try stage(UnsafeRawBufferPointer(rebasing: $0[span.range])) }
        }
        try commit(staged)
        return staged.map(\.shard)
    }
}
