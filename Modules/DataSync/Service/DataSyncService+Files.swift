public import Contracts
import Core
import Store
import Telemetry

extension DataSyncService {
    /// Reads a file, or all files below a directory, stores them durably and holds them by `reference`.
    /// - Parameter base: a manifest of earlier, such as the version before: files that it has with the same size and time
    ///   are not read again.
    /// - Throws: as `DatasetReader.read`, and `DataSyncError` `invalid-request` for a reference that is none.
    public func publish(
        files path: String, as reference: String, base: Digest? = nil,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> (summary: ManifestSummary, skipped: [String]) {
        try checkReference(reference)
        let reader = DatasetReader(store: shards, limits: configuration.limits)
        var known: Manifest?
        if let base { known = try await entry(base)?.manifest }
        // A release that runs meanwhile may remove a shard that was found here and not written again: then once more.
        for _ in 0..<4 {
            let result = try await makingRoom { try await reader.read(path, base: known, progress: progress) }
            let (manifest, digest) = (result.manifest, result.manifest.digest)
            let signature = try writers?.sign(digest)
            let isHeld = try await store.write { [self] connection in
                let catalogue = Catalogue(connection: connection)
                guard try catalogue.holdsShards(of: manifest) else { return false }
                try enter(manifest, digest: digest, signature: signature, in: catalogue)
                try catalogue.hold(digest, for: reference)
                return try catalogue.setComplete(digest, true)
            }
            guard isHeld else { continue }
            metrics.publishedBytes.increment(by: manifest.rawBytes)
            let lists = Array(try await shards.lists(manifest.shards.map(\.digest)).values)
            let summary = ManifestSummary(
                digest: digest, shards: manifest.shards.count, rawBytes: manifest.rawBytes,
                storedBytes: try await shards.storedBytes(of: lists))
            return (summary, result.skipped)
        }
        throw DataSyncError(
            .missing, "shards of '\(reference)' were removed as fast as they were written; try again", isRetriable: true
        )
    }

    /// Writes the files of a manifest that is here below a directory; see `DatasetWriter.write`.
    public func write(
        files digest: Digest, to directory: String, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws {
        try await DatasetWriter(store: shards, limits: configuration.limits).write(
            try await manifest(digest), to: directory, progress: progress)
    }
}
