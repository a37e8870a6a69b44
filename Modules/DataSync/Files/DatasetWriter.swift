public import Contracts
import Glibc
import Store

/// Writes the files of a manifest into a directory.
///
/// Whatever the manifest says, nothing is written outside the directory: paths are checked before anything is created, and
/// no symbolic link is followed on the way down. A file is there whole and durable, or as it was before. Files that the
/// manifest does not name stay.
public struct DatasetWriter: Sendable {
    /// Files and bytes that become durable together.
    private static let batchFiles = 512
    private static let batchBytes = 64 << 20

    let store: ShardStore
    let rules: ManifestRules

    public init(store: ShardStore, limits: ManifestLimits = ManifestLimits()) {
        self.store = store
        rules = ManifestRules(limits: limits)
    }

    /// Writes every file of `manifest`, all of whose shards are here, below `directory`, which is made if need be.
    /// - Parameter progress: called with the bytes written so far.
    /// - Throws: `DataSyncError` `invalid-manifest`, before anything is written, or `missing` or `corrupt-shard`;
    ///   `StoreError` `full` or `io`, such as for a symbolic link where a directory is to be. What was finished stays.
    public func write(
        _ manifest: Manifest, to directory: String, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws {
        guard manifest.tensors.isEmpty else {
            throw DataSyncError(
                .invalidRequest, "manifest \(manifest.digest) lists a model's tensors, which are no files")
        }
        _ = try rules.check(manifest, maximumBytes: .max)
        let output = try await store.workers.run { try FileOutput(directory: directory) }
        var files = manifest.files[...]
        var rest = files.first?.size ?? 0
        var written = 0
        /// Begins the next files, as long as they are empty, and the one after them.
        func advance(_ output: FileOutput) async throws {
            while rest == 0, let file = files.first {
                let isFull = try await store.workers.run {
                    try output.finish(file)
                    return output.files >= Self.batchFiles || output.bytes >= Self.batchBytes
                }
                if isFull { try await store.workers.run { try output.commit() } }
                files = files.dropFirst()
                if let next = files.first {
                    try await store.workers.run { try output.begin(next) }
                    rest = next.size
                }
            }
        }
        do {
            if let first = files.first { try await store.workers.run { try output.begin(first) } }
            try await advance(output)
            for shard in manifest.shards {
                var bytes = try await store.raw(shard.digest)
                guard bytes.count == shard.size else {
                    throw DataSyncError(
                        .invalidManifest, "shard \(shard.digest) has \(bytes.count) bytes, not \(shard.size)")
                }
                while bytes.count > 0 {
                    let part = bytes.slice(0..<min(rest, bytes.count))
                    try await store.workers.run { try output.write(part) }
                    bytes = bytes.slice(part.count..<bytes.count)
                    rest -= part.count
                    written += part.count
                    try await advance(output)
                }
                progress(written)
            }
            try await store.workers.run { try output.commit() }
        } catch {
            // The first error tells; what is left then are files under temporary names.
            try? await store.workers.run { output.discard() }
            throw error
        }
    }
}
