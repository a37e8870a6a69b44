public import Contracts
public import Core
import FoundationEssentials
public import Store
public import Telemetry

/// Shards and manifests in an object store: a copy that outlives the machine, and a source for what a machine lost.
///
/// Shards lie in packs of several MiB, as they are stored locally, so that small ones cost no request each. Everything that
/// comes back is checked against its name. One machine writes below a prefix, any number may read.
public final class ShardArchive: Sendable {
    /// The tables, for `Database.open`.
    public static var migrations: MigrationSet { ArchiveSchema.migrations }

    /// How an archive packs and bounds.
    public struct Configuration: Sendable, Hashable {
        /// What all keys begin with, such as `gedge/`.
        public var prefix = ""
        /// Bytes of a pack, in memory while it is made and sent.
        public var packBytes = 16 << 20
        /// Bytes of one request's body; a larger pack goes in parts of so many.
        public var partBytes = 8 << 20
        /// Bytes that are asked for at once, where what is wanted lies close together.
        public var readBytes = 8 << 20
        /// How often a shard is fetched again that does not match its name.
        public var rereads = 2
        public var limits = ManifestLimits()

        public init() {}
    }

    public let objects: any ObjectStore
    public let configuration: Configuration
    let layout: ArchiveLayout
    let records: ArchiveRecords
    let rules: ManifestRules
    let logger: Logger
    let clock: any WallClock
    let hashing = ThreadExecutor(name: "archive")
    /// One writer at a time: a pack is not removed between its being found and its being named.
    let writing = Turnstile(places: 1)

    /// - Parameters:
    ///   - database: opened with `migrations`.
    /// - Throws: `DataSyncError` `invalid-request` for a prefix that cannot be.
    public init(
        objects: any ObjectStore, database: Database, configuration: Configuration = Configuration(),
        logger: Logger = .disabled, clock: any WallClock = SystemWallClock()
    ) throws {
        let prefix = configuration.prefix
        guard prefix.utf8.count <= 256, prefix.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !prefix.hasPrefix("/"),
            prefix.isEmpty || prefix.hasSuffix("/")
        else {
            throw DataSyncError(
                .invalidRequest,
                "'\(prefix.prefix(80))' is no prefix of an archive; write one such as 'gedge/', or none")
        }
        precondition(
            configuration.partBytes >= 5 << 20 && configuration.packBytes <= 1 << 30, "parts have 5 MiB at least")
        self.objects = objects
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        layout = ArchiveLayout(prefix: prefix)
        records = ArchiveRecords(database: database, archive: "\(objects.name) \(prefix)")
        rules = ManifestRules(limits: configuration.limits)
    }

    /// What the archive is called in messages.
    public var name: String {
        configuration.prefix.isEmpty ? objects.name : "'\(configuration.prefix)' in \(objects.name)"
    }

    /// Whether a manifest and all its shards are archived.
    public func has(_ manifest: Digest) async throws -> Bool {
        try await objects.info(layout.manifest(manifest)) != nil
    }

    /// Every manifest that is archived.
    public func list() async throws -> [Digest] {
        var found: [Digest] = []
        var after: String?
        repeat {
            let page = try await objects.list(prefix: layout.manifests, after: after)
            found += page.objects.compactMap { Digest(hex: String($0.key.dropFirst(layout.manifests.count))) }
            after = page.next
        } while after != nil
        return found
    }

    /// What a manifest was kept for when it was archived; empty when that was not said.
    public func references(of manifest: Digest) async throws -> [String] {
        let key = layout.labels(manifest)
        do {
            return try await reading(key, maximumBytes: ArchiveLabels.maximumBytes) { bytes in
                // What does not parse is damaged, which the caller is told.
                try? JSONDecoder().decode(ArchiveLabels.self, from: Data(bytes)).references
            }
        } catch let error as DataSyncError where error.is(.missing) { return [] }
    }

    /// Who signed a manifest, unverified; empty when nobody did.
    func signatures(of manifest: Digest) async throws -> [ManifestSignature] {
        do {
            return try await reading(layout.signatures(manifest), maximumBytes: 64 << 10) { bytes in
                // What does not parse is damaged, which the caller is told.
                try? JSONDecoder().decode([ManifestSignature].self, from: Data(bytes))
            }
        } catch let error as DataSyncError where error.is(.missing) { return [] }
    }

    /// A manifest, checked against its name and the rules.
    /// - Throws: `DataSyncError` `missing`; `corrupt-shard` for an object that is not the manifest; `invalid-manifest`.
    public func manifest(_ digest: Digest, maximumBytes: Int = 1 << 40) async throws -> Manifest {
        let key = layout.manifest(digest)
        let bytes = try await reading(key, maximumBytes: 256 << 20) { bytes in
            SHA256.digest(of: bytes) == digest ? Data(bytes) : nil
        }
        let manifest: Manifest
        do { manifest = try JSONDecoder().decode(Manifest.self, from: bytes) } catch {
            throw DataSyncError(.invalidManifest, "\(key) in \(objects.name) is not a manifest")
        }
        _ = try rules.check(manifest, maximumBytes: maximumBytes)
        return manifest
    }

    /// Where a manifest's shards lie.
    func index(of manifest: Digest) async throws -> ArchiveIndex {
        let most = ArchiveIndex.maximumBytes(shards: configuration.limits.shards)
        return try await reading(layout.index(manifest), maximumBytes: most) { ArchiveIndex(encoded: $0) }
    }

    /// Reads an object until it is sound, a few times.
    private func reading<Result: Sendable>(
        _ key: String, maximumBytes: Int, _ parse: @escaping @Sendable (UnsafeRawBufferPointer) -> Result?
    ) async throws -> Result {
        for _ in 0...configuration.rereads {
            let bytes = try await objects.get(key, range: nil, maximumBytes: maximumBytes)
            if let result = try await hashing.run({ bytes.withUnsafeBytes(parse) }) { return result }
        }
        throw DataSyncError(
            .corruptShard, "\(key) in \(objects.name) is damaged; remove that object, and the archive stores it again")
    }
}
