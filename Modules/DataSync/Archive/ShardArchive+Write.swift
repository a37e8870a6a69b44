public import Contracts
import Core
import FoundationEssentials
import Telemetry

extension ShardArchive {
    /// What storing a manifest took.
    public struct Stored: Sendable, Hashable {
        /// Shards that were sent, and those that were archived before.
        public var shards = 0
        public var presentShards = 0
        /// Bytes that were sent.
        public var bytes = 0
        /// Whether the manifest was archived before.
        public var wasPresent = false
    }

    /// Stores a manifest with its shards.
    ///
    /// What is archived already is not sent; interrupted at any point, the next call goes
    /// on behind the last pack that was stored.
    /// - Parameter references: what it is kept for, for people who look for it in the archive later.
    /// - Throws: `DataSyncError` `invalid-request` when another machine writes below this prefix; `missing` when a shard has
    ///   gone from `local`; whatever the store throws.
    public func put(
        _ manifest: Manifest, references: [String] = [], from local: any LocalShards
    ) async throws -> Stored {
        try await put(manifest, references: references, signatures: [], from: local)
    }

    /// As the public one; `signatures` are stored beside the manifest.
    func put(
        _ manifest: Manifest, references: [String], signatures: [ManifestSignature], from local: any LocalShards
    ) async throws -> Stored {
        try await writing.within { try await self.store(manifest, references, signatures, from: local) }
    }

    private func store(
        _ manifest: Manifest, _ references: [String], _ signatures: [ManifestSignature], from local: any LocalShards
    ) async throws -> Stored {
        let digest = manifest.digest
        var stored = Stored()
        try await claim()
        if try await has(digest) {
            try await records.set(try await index(of: digest).places)
            stored.wasPresent = true
            stored.presentShards = Set(manifest.shards.map(\.digest)).count
            try await records.setArchived(digest, now: clock.now())
            return stored
        }
        let shards = Self.inOrder(manifest)
        var places = try await presentPlaces(of: shards)
        stored.presentShards = places.count
        var builder = PackBuilder(capacity: configuration.packBytes)
        for shard in shards where places[shard] == nil {
            let leaves = try await local.storedLeaves(of: shard)
            if !builder.add(shard, leaves) {
                try await send(builder, &places, &stored)
                builder = PackBuilder(capacity: configuration.packBytes)
                _ = builder.add(shard, leaves)
            }
        }
        if !builder.isEmpty { try await send(builder, &places, &stored) }
        try await finish(manifest, digest, references, signatures, ArchiveIndex(places: places))
        try await records.setArchived(digest, now: clock.now())
        return stored
    }

    /// Where those of `shards` lie that were archived before, if their packs are still there.
    private func presentPlaces(of shards: [Digest]) async throws -> [Digest: ArchiveIndex.Place] {
        var places = try await records.places(of: shards)
        for pack in Set(places.values.map(\.pack)) where try await objects.info(layout.pack(pack)) == nil {
            logger.warning(
                "a pack has gone from the archive; what it held is stored again", ["object": layout.pack(pack)])
            try await records.forget(pack: pack)
            places = places.filter { $0.value.pack != pack }
        }
        return places
    }

    /// Each shard once, in the manifest's order.
    private static func inOrder(_ manifest: Manifest) -> [Digest] {
        var seen: Set<Digest> = []
        return manifest.shards.map(\.digest).filter { seen.insert($0).inserted }
    }

    private func send(
        _ builder: PackBuilder, _ places: inout [Digest: ArchiveIndex.Place], _ stored: inout Stored,
        replacing: Bool = false
    ) async throws {
        let bytes = builder.bytes
        let name = LeafKey(try await hashing.run { bytes.withUnsafeBytes { SHA256.digest(of: $0) } })
        let key = layout.pack(name)
        let isThere = replacing ? false : try await objects.info(key)?.size == bytes.count
        if !isThere {
            let part = configuration.partBytes
            if bytes.count <= part {
                _ = try await objects.put(key, bytes, condition: .always)
            } else {
                let parts = (bytes.count + part - 1) / part
                _ = try await objects.put(key, parts: parts, condition: .always) {
                    bytes.slice($0 * part..<min(bytes.count, ($0 + 1) * part))
                }
            }
            stored.bytes += bytes.count
        }
        var new: [Digest: ArchiveIndex.Place] = [:]
        for place in builder.places {
            new[place.shard] = ArchiveIndex.Place(pack: name, offset: place.offset, length: place.length)
        }
        stored.shards += new.count
        try await records.set(new)
        places.merge(new) { $1 }
    }

    private func finish(
        _ manifest: Manifest, _ digest: Digest, _ references: [String], _ signatures: [ManifestSignature],
        _ index: ArchiveIndex
    ) async throws {
        if !signatures.isEmpty {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            let bytes = try encoder.encode(signatures)
            _ = try await objects.put(layout.signatures(digest), ShardBytes(copying: Array(bytes)), condition: .always)
        }
        if !references.isEmpty {
            let labels = try JSONEncoder().encode(ArchiveLabels(references: Array(references.prefix(1000))))
            _ = try await objects.put(layout.labels(digest), ShardBytes(copying: Array(labels)), condition: .always)
        }
        _ = try await objects.put(layout.index(digest), ShardBytes(copying: index.encoded), condition: .always)
        _ = try await objects.put(
            layout.manifest(digest), ShardBytes(copying: manifest.canonicalBytes), condition: .ifAbsent)
    }

    /// Makes sure that this machine, and no other, writes below the prefix.
    private func claim() async throws {
        struct Writer: Codable {
            var format = 1
            var writer: String
        }
        let own = try await records.writer(orElse: Self.newName())
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let bytes = try encoder.encode(Writer(writer: own))
        guard try await objects.put(layout.writer, ShardBytes(copying: Array(bytes)), condition: .ifAbsent) == .exists
        else { return }
        let found = try await objects.get(layout.writer, range: nil, maximumBytes: 4096)
        let writer: Writer
        do { writer = try found.withUnsafeBytes { try JSONDecoder().decode(Writer.self, from: Data($0)) } } catch {
            throw DataSyncError(
                .invalidRequest, "\(layout.writer) in \(objects.name) is not that of an archive; use another prefix")
        }
        guard writer.format == 1, writer.writer == own else {
            throw DataSyncError(
                .invalidRequest,
                "another machine writes to the archive \(name); use another prefix, or, if that machine is gone, remove "
                    + "the object \(layout.writer) and this one takes over")
        }
    }

    private static func newName() -> String {
        (0..<2).map { _ in
            let text = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
    }

    /// Stores anew, from `local`, those shards of a manifest that stay damaged in the archive.
    /// - Returns: the shards that were damaged, and among them those that are not here either.
    /// - Throws: as `put`.
    public func repair(_ manifest: Digest, from local: any LocalShards) async throws -> (damaged: Int, lost: [Digest]) {
        let damaged = try await verify(manifest)
        guard !damaged.isEmpty else { return (0, []) }
        let here = try await local.lists(Array(damaged.keys))
        try await writing.within {
            try await self.claim()
            var places: [Digest: ArchiveIndex.Place] = [:]
            var stored = Stored()
            for shard in here.keys.sorted(by: { $0.hex < $1.hex }) {
                var builder = PackBuilder(capacity: 8)
                _ = builder.add(shard, try await local.storedLeaves(of: shard))
                // The damaged pack may have the very same name.
                try await self.send(builder, &places, &stored, replacing: true)
            }
            for other in try await self.list() {
                var index = try await self.index(of: other)
                let changed = places.filter { index.places[$0.key] != nil }
                guard !changed.isEmpty else { continue }
                index.places.merge(changed) { $1 }
                let bytes = ShardBytes(copying: index.encoded)
                _ = try await self.objects.put(self.layout.index(other), bytes, condition: .always)
            }
        }
        let lost = damaged.keys.filter { here[$0] == nil }
        logger.warning(
            "damaged shards of the archive were stored again",
            ["manifest": manifest.hex, "damaged": "\(damaged.count)", "lost": "\(lost.count)"])
        return (damaged.count, lost)
    }

    /// Removes a manifest, and the packs that no other manifest needs.
    /// - Throws: `DataSyncError` `invalid-request` when another machine writes below this prefix.
    public func remove(_ manifest: Digest) async throws {
        try await writing.within { try await self.removeAlone(manifest) }
    }

    private func removeAlone(_ manifest: Digest) async throws {
        try await claim()
        let packs: Set<LeafKey>
        do { packs = try await index(of: manifest).packs } catch let error as DataSyncError where error.is(.missing) {
            return try await records.forget(manifest: manifest)
        }
        var needed: Set<LeafKey> = []
        for other in try await list() where other != manifest {
            if packs.isSubset(of: needed) { break }
            needed.formUnion(try await index(of: other).packs)
        }
        // In the order in which nothing is ever named that is not there; the records first, so that a crash in between
        // makes the next `put` look rather than trust.
        try await records.forget(manifest: manifest)
        for pack in packs.subtracting(needed) { try await records.forget(pack: pack) }
        try await objects.delete([layout.manifest(manifest)])
        try await objects.delete([layout.index(manifest), layout.labels(manifest), layout.signatures(manifest)])
        try await objects.delete(packs.subtracting(needed).map(layout.pack))
    }
}

extension ShardBytes {
    init(copying bytes: [UInt8]) { self = bytes.withUnsafeBytes { ShardBytes(copying: $0) } }
}
