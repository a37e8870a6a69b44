import Contracts
import Core
import MessageBus
import Tensor

/// A round's encoded updates, to be read as if they had been sent whole: a shard is decoded when it is asked for, so no more
/// than that is in memory.
struct EncodedUpdates: Sendable {
    let codec: UpdateCodec
    let base: Manifest
    /// Of the updates, as they were sent.
    let updates: [Manifest]
    /// Tensors of the model that are not sent.
    let kept: Set<Int>
    /// One shard's raw bytes, verified.
    let read: @Sendable (ShardSpec) async throws -> Attachment

    /// A manifest for each update, cut as `base` is.
    var manifests: [Manifest] {
        get throws {
            try updates.indices.map { slot in
                var manifest = base
                for index in base.shards.indices {
                    manifest.shards[index].digest = try ShardAddress(slot: slot, position: index).digest
                }
                return manifest
            }
        }
    }

    /// A shard of one of `manifests`, or of any other.
    func shard(_ spec: ShardSpec) async throws -> Attachment {
        guard let address = ShardAddress(spec.digest) else { return try await read(spec) }
        let shard = base.shards[address.position]
        var values = try await read(shard).withUnsafeBytes { bytes in
            [Float](unsafeUninitializedCapacity: shard.size / 4) { buffer, count in
                count = shard.size / 4
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            }
        }
        if !kept.contains(shard.entry) {
            let count = base.tensors[shard.entry].shape.reduce(1, *)
            let range = shard.offset / 4..<(shard.offset + shard.size) / 4
            var pieces: [[UInt8]] = []
            for piece in codec.pieces(for: range, of: count) {
                pieces.append(try await bytes(piece, of: shard.entry, in: updates[address.slot]))
            }
            values.withUnsafeMutableBufferPointer { codec.add(pieces, for: range, to: $0) }
        }
        return values.withUnsafeBytes { Attachment(copying: $0) }
    }

    /// What makes an update useless, in words; `nil` when it can be decoded.
    func fault(in slot: Int) async throws -> String? {
        for (entry, tensor) in base.tensors.enumerated() where !kept.contains(entry) {
            let count = tensor.shape.reduce(1, *)
            guard let range = codec.evidence(of: count) else { continue }
            let evidence = try await bytes(range, of: entry, in: updates[slot])
            if let fault = codec.fault(in: evidence, of: count) { return "in tensor '\(tensor.name)' \(fault)" }
        }
        return nil
    }

    /// Bytes of an encoded tensor, which may lie in several shards.
    private func bytes(_ range: Range<Int>, of entry: Int, in update: Manifest) async throws -> [UInt8] {
        // Those that stay at the edge have no place among what was sent.
        let place = entry - kept.count { $0 < entry }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for shard in update.shards where shard.entry == place {
            let part = range.clamped(to: shard.offset..<shard.offset + shard.size)
            guard !part.isEmpty else { continue }
            try await read(shard).withUnsafeBytes {
                bytes += $0[part.lowerBound - shard.offset..<part.upperBound - shard.offset]
            }
        }
        return bytes
    }
}

extension UpdateCodec {
    /// What is sent of a model.
    /// - Parameter kept: tensors that are not sent.
    func encoded(_ tensors: [TensorSpec], without kept: [Int]) -> [TensorSpec] {
        tensors.indices.filter { !kept.contains($0) }.map { encoded(tensors[$0]) }
    }

    /// An update as it is sent, and what of it is not.
    struct Encoding: Sendable {
        var sent: [Tensor]
        /// For each tensor that is sent; empty unless the codec keeps a residual.
        var residual: [Tensor]
    }

    /// Encodes what an update changes.
    /// - Parameters:
    ///   - residual: of the round before; empty before the first.
    ///   - kept: tensors that are not sent.
    func encode(_ update: [Tensor], base: [Tensor], residual: [Tensor], without kept: [Int]) throws -> Encoding {
        var encoding = Encoding(sent: [], residual: [])
        for entry in update.indices where !kept.contains(entry) {
            let place = encoding.sent.count
            var changes = try Tensor(zeros: update[entry].shape)
            let (new, old) = (ModelValues(update[entry].storage.bytes), ModelValues(base[entry].storage.bytes))
            let last = residual.isEmpty ? nil : ModelValues(residual[place].storage.bytes)
            let bytes = changes.withUnsafeMutableBufferPointer { changes in
                for index in changes.indices { changes[index] = new[index] - old[index] + (last?[index] ?? 0) }
                let bytes = encode(UnsafeBufferPointer(changes))
                if keepsResidual {
                    let count = changes.count
                    let pieces = pieces(for: 0..<count, of: count).map { Array(bytes[$0]) }
                    // What arrives is taken from what should have.
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { arrived in
                        arrived.initialize(repeating: 0)
                        add(pieces, for: 0..<count, to: arrived)
                        for index in changes.indices {
                            let left = changes[index] - arrived[index]
                            // The core leaves out what is no number; the next round is not to begin with it.
                            changes[index] = left.isFinite ? left : 0
                        }
                    }
                }
                return bytes
            }
            encoding.sent.append(try bytes.withUnsafeBytes { try Tensor(littleEndian: $0, shape: [bytes.count / 4]) })
            if keepsResidual { encoding.residual.append(changes) }
        }
        return encoding
    }

    /// The update that arrives, of what was sent.
    func decode(_ sent: [Tensor], base: [Tensor], without kept: [Int]) throws -> [Tensor] {
        var update = base
        for (place, entry) in update.indices.filter({ !kept.contains($0) }).enumerated() {
            let count = update[entry].count
            let bytes = sent[place].storage.bytes
            let pieces = pieces(for: 0..<count, of: count).map { [UInt8](UnsafeRawBufferPointer(rebasing: bytes[$0])) }
            update[entry].withUnsafeMutableBufferPointer { add(pieces, for: 0..<count, to: $0) }
        }
        return update
    }
}
