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
            let lists = try await makingRoom { try await keep(spans, of: tensors) }
            let manifest = Manifest(
                tensors: request.tensors,
                shards: zip(spans, lists).map { span, list in
                    ShardSpec(
                        digest: list.digest, size: span.size, entry: span.entry, offset: span.offset,
                        leaves: list.leaves.count)
                })
            let digest = manifest.digest
            let signature = try writers?.sign(digest)
            let isHeld = try await store.write { [self] connection in
                let catalogue = Catalogue(connection: connection)
                guard try catalogue.holdsShards(of: manifest) else { return false }
                try enter(manifest, digest: digest, signature: signature, in: catalogue)
                try catalogue.hold(digest, for: request.reference)
                try catalogue.tag(digest, of: request.reference, request.tags)
                return try catalogue.setComplete(digest, true)
            }
            guard isHeld else { continue }
            metrics.publishedBytes.increment(by: manifest.rawBytes)
            return ManifestSummary(
                digest: digest, shards: lists.count, rawBytes: manifest.rawBytes,
                storedBytes: try await shards.storedBytes(of: lists))
        }
        throw DataSyncError(
            .missing, "shards of '\(request.reference)' were removed as fast as they were written; try again",
            isRetriable: true)
    }

    /// Stores every span; durable when this returns.
    private func keep(_ spans: [ShardSpan], of tensors: [Attachment]) async throws -> [LeafList] {
        let batches = ShardSpan.batches(spans, bytes: configuration.batchBytes)
        let tensors = tensors.map { ShardBytes($0) }
        let leafBytes = min(configuration.leafBytes, configuration.shardBytes)
        return try await withThrowingTaskGroup(of: (Int, [LeafList]).self) { group in
            var stored: [Int: [LeafList]] = [:]
            for (index, batch) in batches.enumerated() {
                // One batch is written while two are hashed.
                if index > 2, let (index, lists) = try await group.next() { stored[index] = lists }
                group.addTask { [shards] in
                    try Task.checkCancellation()
                    let new = batch.map { span in
                        NewShard(
                            bytes: tensors[span.entry].slice(span.range), leafBytes: leafBytes, elementBytes: 4)
                    }
                    return (index, try await shards.put(new))
                }
            }
            for try await (index, lists) in group { stored[index] = lists }
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
