import Contracts
import Core
import Glibc
import MessageBus
import Tensor

/// Where a simulated round's models lie, so that they need no memory: slots of one size in a file without a name.
final class ScratchFile: Sendable {
    private let descriptor: Int32
    private let directory: String
    private let tensors: [TensorSpec]
    /// Where each tensor begins in a slot, and where the last one ends.
    private let offsets: [Int]
    private let cuts: [(entry: Int, offset: Int, size: Int)]

    /// Bytes of a tensor that are read at once.
    private static let shard = 1 << 20

    /// - Parameter directory: where there is room for it, such as `/tmp`.
    init(for tensors: [TensorSpec], in directory: String) throws {
        self.tensors = tensors
        self.directory = directory
        var offsets = [0]
        var cuts: [(entry: Int, offset: Int, size: Int)] = []
        for (entry, tensor) in tensors.enumerated() {
            let bytes = tensor.shape.reduce(tensor.type.bytes, *)
            for offset in stride(from: 0, to: bytes, by: Self.shard) {
                cuts.append((entry, offset, min(Self.shard, bytes - offset)))
            }
            offsets.append(offsets[entry] + bytes)
        }
        self.offsets = offsets
        self.cuts = cuts
        var path = Array("\(directory)/gedge-XXXXXX".utf8CString)
        descriptor = path.withUnsafeMutableBufferPointer { path in
            let made = path.baseAddress.map { mkstemp($0) } ?? -1
            // Gone with the last descriptor, however the process ends.
            if made >= 0 { path.baseAddress.map { _ = unlink($0) } }
            return made
        }
        guard descriptor >= 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw Self.failure("make a file in", directory)
        }
    }

    deinit { close(descriptor) }

    /// The table of contents of one slot, for `Aggregator`.
    func manifest(_ slot: Int) throws -> Manifest {
        Manifest(
            tensors: tensors,
            shards: try cuts.map { cut in
                ShardSpec(
                    digest: try ShardAddress(slot: slot, position: offsets[cut.entry] + cut.offset).digest,
                    size: cut.size, entry: cut.entry,
                    offset: cut.offset)
            })
    }

    /// Puts a model into a slot.
    func write(_ model: [Tensor], to slot: Int) throws {
        for (entry, tensor) in model.enumerated() {
            let bytes = tensor.storage.bytes
            var done = 0
            while done < bytes.count {
                let start = (offsets.last ?? 0) * slot + offsets[entry] + done
                let count = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(start))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw Self.failure("write to a file in", directory) }
                done += count
            }
        }
    }

    /// The raw bytes of a shard of a manifest that came from here.
    func read(_ shard: ShardSpec) throws -> Attachment {
        guard let address = ShardAddress(shard.digest) else {
            throw FedLearnError("invalid", "shard \(shard.digest) does not come from a simulation's file")
        }
        var failure = false
        let bytes = [UInt8](unsafeUninitializedCapacity: shard.size) { buffer, filled in
            while filled < shard.size {
                let start = (offsets.last ?? 0) * address.slot + address.position + filled
                let count = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, shard.size - filled, off_t(start))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else {
                    failure = true
                    return
                }
                filled += count
            }
        }
        if failure { throw Self.failure("read a file in", directory) }
        return Attachment(bytes)
    }

    private static func failure(_ what: String, _ directory: String) -> FedLearnError {
        let number = errno
        return FedLearnError(
            "io",
            "cannot \(what) \(directory) (errno \(number)); a simulated round keeps its models there: set TMPDIR to a "
                + "directory with room")
    }
}
