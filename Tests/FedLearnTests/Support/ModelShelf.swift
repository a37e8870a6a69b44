import Contracts
import Core
import MessageBus
import Synchronization
import Tensor

@testable import FedLearn

/// Models as shards in memory, for an `Aggregator` without a bus; counts the bytes that are lent.
final class ModelShelf: Sendable {
    let shapes: [[Int]]
    /// Values of a shard, at most.
    let shardValues: Int
    private let shelf = Mutex<(next: UInt64, shards: [Digest: Attachment])>((0, [:]))

    init(shapes: [[Int]], shardValues: Int) {
        self.shapes = shapes
        self.shardValues = shardValues
    }

    private let lent = Mutex((now: 0, most: 0))

    /// The most bytes that were lent at a time.
    var mostLent: Int { lent.withLock(\.most) }

    /// A shard that is lent, until nobody holds it.
    private final class Loan: Sendable {
        let bytes: Attachment
        private let shelf: ModelShelf

        init(_ bytes: Attachment, from shelf: ModelShelf) {
            (self.bytes, self.shelf) = (bytes, shelf)
            shelf.lent.withLock { lent in
                lent.now += bytes.count
                lent.most = max(lent.most, lent.now)
            }
        }

        deinit { shelf.lent.withLock { $0.now -= bytes.count } }
    }

    var count: Int { shapes.reduce(0) { $0 + $1.reduce(1, *) } }

    /// - Parameter values: of all tensors, one behind the other.
    func store(_ values: [Float]) throws -> Manifest {
        var manifest = Manifest(
            tensors: shapes.enumerated().map { TensorSpec(name: "tensor\($0.offset)", shape: $0.element) }, shards: [])
        var start = 0
        for (entry, shape) in shapes.enumerated() {
            let count = shape.reduce(1, *)
            for offset in stride(from: 0, to: count, by: shardValues) {
                let span = values[start + offset..<start + min(count, offset + shardValues)]
                let bytes = Attachment(span.withUnsafeBytes { [UInt8]($0) })
                let digest = try shelf.withLock { shelf in
                    shelf.next += 1
                    let hex = String(shelf.next, radix: 16)
                    guard let digest = Digest(hex: String(repeating: "0", count: 64 - hex.count) + hex) else {
                        throw FedLearnError("test", hex)
                    }
                    shelf.shards[digest] = bytes
                    return digest
                }
                manifest.shards.append(
                    ShardSpec(digest: digest, size: bytes.count, entry: entry, offset: offset * 4))
            }
            start += count
        }
        return manifest
    }

    func read(_ spec: ShardSpec) throws -> Attachment {
        guard let bytes = shelf.withLock({ $0.shards[spec.digest] }) else { throw FedLearnError("missing", "\(spec)") }
        let loan = Loan(bytes, from: self)
        return Attachment(owner: loan, bytes: bytes.shared.bytes)
    }

    func store(_ tensors: [Tensor]) throws -> Manifest { try store(tensors.flatMap(\.values)) }

    /// A client's update as the coordinator counts it.
    static func update(
        _ edge: Int, samples: Int, steps: Int = 1, baseLoss: Double? = nil
    ) throws -> CountedUpdate {
        guard let digest = Digest(hex: String(repeating: "0", count: 64)) else { throw FedLearnError("test", "digest") }
        return CountedUpdate(
            edge: try Name("edge-\(edge)"), manifest: digest, samples: samples, loss: 1, bytes: 0, fetchedBytes: 0,
            trainSeconds: 0, totalSeconds: 0, steps: steps, baseLoss: baseLoss)
    }
}
