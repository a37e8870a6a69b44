public import Contracts
import Core
import Glibc
import Store
import Synchronization

/// Shards as files, named by the SHA-256 of their raw bytes: `ab/ab34…` under the directory, compressed where that pays.
///
/// A file under its final name is whole and durable. Whatever is read is checked against its name; what does not match is
/// moved to `quarantine/` and counts as missing. Every method blocks: call it from a thread that may. Memory is one shard
/// per call.
public final class ShardStore: Sendable {
    public let directory: String
    /// The largest shard, in raw bytes; nothing on disk or from elsewhere makes this store allocate more.
    public let maximumShardBytes: Int
    let trusted: TrustedShards
    private let temporaries = Atomic<UInt64>(0)

    /// Opens the store in `directory`, which belongs to this store alone, and removes what a crash left half-written.
    /// - Parameter trust: how long after a shard was hashed it is taken for sound while its file has not changed.
    /// - Throws: `StoreError` when the directory cannot be used.
    public init(directory: String, maximumShardBytes: Int = 8 << 20, trust: Duration = .zero) throws {
        self.directory = directory
        self.maximumShardBytes = maximumShardBytes
        trusted = TrustedShards(lifetime: trust)
        try StateDirectory.makePrivate(directory, parents: true)
        for inner in ["tmp", "quarantine"] { try StateDirectory.makePrivate("\(directory)/\(inner)", parents: false) }
        for name in try DirectoryListing.names(in: "\(directory)/tmp") {
            DurableFile.discard("\(directory)/tmp/\(name)")
        }
    }

    /// Where the shard lies, if it is here.
    func path(of digest: Digest) -> String { "\(directory)/\(digest.hex.prefix(2))/\(digest.hex)" }

    func quarantinePath(of digest: Digest) -> String { "\(directory)/quarantine/\(digest.hex)" }

    /// Whether there is a file for the shard; its bytes are not looked at.
    public func contains(_ digest: Digest) -> Bool { access(path(of: digest), F_OK) == 0 }

    /// The bytes of the shard's file, which are what reading it as it is takes of memory; 0 when there is none.
    func storedBytes(_ digest: Digest) -> Int {
        var status = stat()
        return stat(path(of: digest), &status) == 0 ? Int(status.st_size) : 0
    }

    /// Hashes `raw` and writes it beside the store, unless the store has it.
    /// - Throws: `StoreError` `full` or `io`, `DataSyncError` `too-large`; nothing is left behind.
    public func stage(_ raw: UnsafeRawBufferPointer) throws -> StagedShard {
        guard raw.count <= maximumShardBytes else {
            throw DataSyncError(.tooLarge, "a shard of \(raw.count) bytes, more than \(maximumShardBytes)")
        }
        let digest = SHA256.digest(of: raw)
        if let shard = try sound(digest), shard.size == raw.count { return StagedShard(present: shard) }
        guard let (buffer, count) = LZ4Codec.compress(raw) else {
            return try write(raw, digest: digest, encoding: .raw, size: raw.count)
        }
        return try write(buffer.bytes(0..<count), digest: digest, encoding: .lz4, size: raw.count)
    }

    /// Checks a shard that came from elsewhere and writes it, as it came, beside the store.
    /// - Throws: `DataSyncError` `corrupt-shard` (retriable) unless `payload` is the shard `digest` of `size` raw bytes.
    public func stage(
        payload: UnsafeRawBufferPointer, encoding: ShardEncoding, size: Int, digest: Digest
    ) throws -> StagedShard {
        guard (0...maximumShardBytes).contains(size) else {
            throw DataSyncError(.tooLarge, "shard \(digest) of \(size) bytes, more than \(maximumShardBytes)")
        }
        let found: Digest
        switch encoding {
        case .raw:
            guard payload.count == size else { throw Self.damaged(digest, "\(payload.count) bytes, not \(size)") }
            found = SHA256.digest(of: payload)
        case .lz4:
            guard payload.count <= size else { throw Self.damaged(digest, "larger packed than raw") }
            let raw = ShardBuffer(capacity: size)
            do { try LZ4Codec.decompress(payload, into: raw.memory) } catch {
                throw Self.damaged(digest, error.message)
            }
            found = SHA256.digest(of: raw.bytes(0..<size))
        }
        guard found == digest else { throw Self.damaged(digest, "its bytes hash to \(found)") }
        return try write(payload, digest: digest, encoding: encoding, size: size)
    }

    /// Makes staged shards part of the store, all durable when this returns.
    public func commit(_ staged: [StagedShard]) throws {
        let new = staged.filter { $0.temporary != nil }
        guard !new.isEmpty else { return }
        for shard in new { try shard.sync() }
        var directories: Set<String> = []
        for shard in new {
            let path = path(of: shard.shard.digest)
            let parent = DurableFile.parent(of: path)
            if directories.insert(parent).inserted { try StateDirectory.makePrivate(parent, parents: false) }
            try shard.rename(to: path)
            var status = stat()
            if stat(path, &status) == 0 { trusted.add(shard.shard.digest, TrustedShards.Stamp(status)) }
        }
        for directory in directories { try DurableFile.syncDirectory(directory) }
    }

    /// Removes a shard; that it is not there is no error.
    public func remove(_ digest: Digest) throws {
        trusted.remove(digest)
        guard unlink(path(of: digest)) == 0 || errno == ENOENT else {
            throw StoreError(errno: errno, doing: "remove", path: path(of: digest))
        }
    }

    /// The names of all shards, as files; their bytes are not looked at.
    public func digests() throws -> [Digest] {
        try DirectoryListing.names(in: directory).filter { $0.utf8.count == 2 }.flatMap { inner in
            try DirectoryListing.names(in: "\(directory)/\(inner)").compactMap { Digest(hex: $0) }
        }
    }

    static func damaged(_ digest: Digest, _ detail: String) -> DataSyncError {
        DataSyncError(.corruptShard, "shard \(digest) arrived damaged: \(detail)", isRetriable: true)
    }

    private func write(
        _ payload: UnsafeRawBufferPointer, digest: Digest, encoding: ShardEncoding, size: Int
    ) throws -> StagedShard {
        let number = temporaries.add(1, ordering: .relaxed).newValue
        let temporary = "\(directory)/tmp/\(digest.hex).\(number)"
        let shard = StoredShard(digest: digest, size: size, encoding: encoding, storedBytes: payload.count)
        do {
            let file = try OwnedFile(temporary, flags: O_WRONLY | O_CREAT | O_EXCL)
            try ShardHeader(encoding: encoding, size: size).bytes.withUnsafeBytes { try file.write($0) }
            try file.write(payload)
            file.startWriteback()
            return StagedShard(shard, file: file, temporary: temporary)
        } catch {
            DurableFile.discard(temporary)
            throw error
        }
    }
}
