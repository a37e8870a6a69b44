public import Contracts
import Glibc
import Store

extension ShardStore {
    /// A shard's raw bytes, verified.
    /// - Throws: `DataSyncError` `missing`, or `corrupt-shard` after putting the damaged file aside; `StoreError` `io`.
    public func raw(_ digest: Digest) throws -> ShardBytes {
        let file = try present(digest)
        return try checked(digest) { () throws -> ShardBytes in
            guard file.header.encoding == .lz4 else {
                try verify(file, digest)
                return file.payload
            }
            let raw = try unpack(file)
            try verify(file, digest, raw: raw)
            return raw
        }
    }

    /// A shard as it is stored, to be sent as it is.
    /// - Parameter recheck: hashes it even when it was hashed a moment ago, because a receiver got it wrong.
    /// - Throws: as `raw`.
    public func stored(_ digest: Digest, recheck: Bool = false) throws -> (shard: StoredShard, payload: ShardBytes) {
        if recheck { trusted.remove(digest) }
        let file = try present(digest)
        try checked(digest) { try verify(file, digest) }
        return (file.shard(digest), file.payload)
    }

    /// The shard, when it is here and its bytes match its name; a damaged one is put aside.
    public func sound(_ digest: Digest) throws -> StoredShard? {
        do {
            guard let file = try load(digest) else { return nil }
            try checked(digest) { try verify(file, digest) }
            return file.shard(digest)
        } catch let error as DataSyncError where error.is(.corruptShard) { return nil }
    }

    /// A shard's file in memory.
    private struct Loaded {
        let header: ShardHeader
        let payload: ShardBytes
        let stamp: TrustedShards.Stamp

        func shard(_ digest: Digest) -> StoredShard {
            StoredShard(digest: digest, size: header.size, encoding: header.encoding, storedBytes: payload.count)
        }
    }

    private func present(_ digest: Digest) throws -> Loaded {
        guard let file = try load(digest) else {
            throw DataSyncError(.missing, "shard \(digest) is not here; fetch the manifest that names it")
        }
        return file
    }

    /// Reads the file, bounded by what a shard may have, and its header; `nil` when there is none.
    private func load(_ digest: Digest) throws -> Loaded? {
        guard contains(digest) else { return nil }
        do { return try loadFile(digest) } catch let error as StoreError {
            // Removed since we looked.
            guard contains(digest) else { return nil }
            throw error
        }
    }

    private func loadFile(_ digest: Digest) throws -> Loaded {
        let file = try OwnedFile(path(of: digest), flags: O_RDONLY)
        let status = try file.status()
        let count = Int(status.st_size)
        return try checked(digest) { () throws -> Loaded in
            guard count >= ShardHeader.byteCount, count <= ShardHeader.byteCount + maximumShardBytes else {
                throw DataSyncError(.corruptShard, "a file of \(count) bytes")
            }
            let buffer = ShardBuffer(capacity: count)
            guard try file.read(into: buffer.memory) == count,
                let header = ShardHeader(buffer.bytes(0..<ShardHeader.byteCount)), header.size <= maximumShardBytes
            else { throw DataSyncError(.corruptShard, "no header of a shard") }
            let payload = ShardBytes(buffer: buffer, range: ShardHeader.byteCount..<count)
            guard header.encoding == .lz4 || payload.count == header.size else {
                throw DataSyncError(.corruptShard, "\(payload.count) bytes in place of \(header.size)")
            }
            return Loaded(header: header, payload: payload, stamp: TrustedShards.Stamp(status))
        }
    }

    private func unpack(_ file: Loaded) throws -> ShardBytes {
        let raw = ShardBuffer(capacity: file.header.size)
        try file.payload.withUnsafeBytes { try LZ4Codec.decompress($0, into: raw.memory) }
        return ShardBytes(buffer: raw, range: 0..<file.header.size)
    }

    /// Hashes the file's raw bytes unless that was done a short while ago.
    private func verify(_ file: Loaded, _ digest: Digest, raw: ShardBytes? = nil) throws {
        if trusted.contains(digest, file.stamp) { return }
        let raw = try raw ?? (file.header.encoding == .lz4 ? unpack(file) : file.payload)
        let found = raw.withUnsafeBytes { SHA256.digest(of: $0) }
        guard found == digest else { throw DataSyncError(.corruptShard, "its bytes hash to \(found)") }
        trusted.add(digest, file.stamp)
    }

    /// Runs `body`; when it finds the shard damaged, the file is put aside and the error says so.
    private func checked<Result>(_ digest: Digest, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as DataSyncError where error.is(.corruptShard) {
            let aside = try quarantine(digest)
            throw DataSyncError(
                .corruptShard,
                "shard \(digest) is damaged on disk (\(error.message)); it was put aside as \(aside). Fetch its manifest "
                    + "again, and check the disk")
        }
    }

    /// Moves a damaged file out of the way, keeping the last few for whoever looks into the cause.
    /// - Returns: where it lies.
    private func quarantine(_ digest: Digest) throws -> String {
        trusted.remove(digest)
        let aside = quarantinePath(of: digest)
        do { try DurableFile.move(path(of: digest), to: aside) } catch {
            // Another thread found it damaged too and was faster.
            guard !contains(digest) else { throw error }
        }
        let kept = 16
        let names = try DirectoryListing.names(in: "\(directory)/quarantine").filter { $0 != digest.hex }
        for name in names.dropFirst(kept - 1) { DurableFile.discard("\(directory)/quarantine/\(name)") }
        return aside
    }
}
