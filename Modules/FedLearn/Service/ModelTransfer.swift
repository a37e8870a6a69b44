import Contracts
import Core
import MessageBus
import Tensor

/// A model's tensors as `DataSync` keeps them: published whole, read shard by shard. All calls are local.
struct ModelTransfer: Sendable {
    let bus: Bus
    let trace: TraceID

    /// Cuts `tensors` into shards and stores them durably under `reference`.
    /// - Parameter tags: what the model is, in the words of policies.
    func publish(
        _ tensors: [Tensor], of architecture: Architecture, reference: String, tags: TransferTags
    ) async throws -> ManifestSummary {
        try await publish(tensors, as: try architecture.tensors, reference: reference, tags: tags)
    }

    /// As `publish(_:of:reference:tags:)`, for a part of a model.
    func publish(
        _ tensors: [Tensor], as specs: [TensorSpec], reference: String, tags: TransferTags
    ) async throws -> ManifestSummary {
        try await bus.call(
            DataSyncContract.publish,
            PublishRequest(reference: reference, tensors: specs, tags: tags),
            attachments: tensors.map { Attachment(owner: $0.storage, bytes: $0.storage.bytes) },
            timeout: .seconds(600), trace: trace
        ).body
    }

    /// Makes the model `manifest` present here, checked against what the caller expects of it.
    func fetch(
        _ manifest: Digest, from source: PeerID, reference: String, expecting tensors: [TensorSpec],
        timeout: Duration, tags: TransferTags
    ) async throws -> FetchReply {
        let reply = try await bus.call(
            DataSyncContract.fetch,
            FetchRequest(
                manifest: manifest, source: source, reference: reference,
                maximumBytes: tensors.reduce(0) { $0 + $1.shape.reduce($1.type.bytes, *) },
                tags: tags),
            timeout: timeout, trace: trace
        ).body
        guard reply.manifest.tensors == tensors else {
            throw FedLearnError(
                "wrong-shape",
                "the model from '\(source)' has tensors \(Self.describe(reply.manifest.tensors)), but the job's model has "
                    + Self.describe(tensors))
        }
        return reply
    }

    func manifest(_ digest: Digest) async throws -> Manifest {
        try await bus.call(DataSyncContract.manifest, ManifestRequest(digest: digest), trace: trace).body
    }

    /// One shard's raw bytes, verified.
    func shard(_ spec: ShardSpec) async throws -> Attachment {
        let reply = try await bus.call(
            DataSyncContract.shard, ShardRequest(digest: spec.digest), timeout: .seconds(60), trace: trace)
        guard let bytes = reply.attachments.first, bytes.count == spec.size else {
            throw FedLearnError(
                "corrupt", "shard \(spec.digest) does not have the \(spec.size) bytes its manifest says")
        }
        return bytes
    }

    /// The whole model.
    func read(_ manifest: Manifest) async throws -> [Tensor] {
        var tensors = try manifest.tensors.map { try Tensor(zeros: $0.shape) }
        for spec in manifest.shards {
            let bytes = try await shard(spec)
            tensors[spec.entry].withUnsafeMutableBufferPointer { values in
                let target = UnsafeMutableRawBufferPointer(values.span(of: spec))
                bytes.withUnsafeBytes { target.copyMemory(from: $0) }
            }
        }
        return tensors
    }

    /// Every reference with this prefix.
    func references(_ prefix: String) async throws -> [String] {
        try await bus.call(
            DataSyncContract.references, ReferencesRequest(prefix: prefix), timeout: .seconds(60), trace: trace
        ).body.references
    }

    /// Drops every reference with this prefix.
    func release(_ prefix: String) async throws {
        _ = try await bus.call(
            DataSyncContract.release, ReleaseRequest(prefix: prefix), timeout: .seconds(60), trace: trace)
    }

    private static func describe(_ tensors: [TensorSpec]) -> String {
        tensors.prefix(8).map { "\($0.name) \($0.shape)" }.joined(separator: ", ") + (tensors.count > 8 ? ", …" : "")
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// The values of a tensor that a shard covers.
    /// - Precondition: the shard lies within the tensor, as `DataSync` has checked of every manifest it returns.
    func span(of shard: ShardSpec) -> UnsafeMutableBufferPointer<Float> {
        let width = MemoryLayout<Float>.stride
        return UnsafeMutableBufferPointer(rebasing: self[shard.offset / width..<(shard.offset + shard.size) / width])
    }
}
