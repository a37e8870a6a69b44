public import Contracts
import Core
import Telemetry

extension ShardArchive {
    /// Fetches shards of an archived manifest and hands them over verified, a few MiB at a time, in no order.
    /// - Throws: `DataSyncError` `missing`; `corrupt-shard`, which names shard and object, for one that stays damaged when
    ///   it is fetched again; whatever `deliver` throws.
    public func shards(
        _ shards: [Digest], of manifest: Digest, deliver: @Sendable ([ArrivedShard]) async throws -> Void
    ) async throws {
        try await fetch(shards, of: manifest, deliver: deliver) { _, error in throw error }
    }

    /// As `shards`; `damaged` is told of each shard that stays damaged, and may throw.
    private func fetch(
        _ shards: [Digest], of manifest: Digest, deliver: ([ArrivedShard]) async throws -> Void,
        damaged: (Digest, DataSyncError) throws -> Void
    ) async throws {
        let index = try await index(of: manifest)
        var wanted: [(shard: Digest, place: ArchiveIndex.Place)] = []
        for shard in Set(shards) {
            guard let place = index.places[shard] else {
                throw DataSyncError(.missing, "the archive \(name) has no shard \(shard) for manifest \(manifest)")
            }
            wanted.append((shard, place))
        }
        wanted.sort { ($0.place.pack, $0.place.offset) < ($1.place.pack, $1.place.offset) }
        var rest = wanted[...]
        while let first = rest.first {
            var end = first.place.offset + first.place.length
            let run = rest.prefix { next in
                let nextEnd = next.place.offset + next.place.length
                guard
                    next.shard == first.shard
                        || (next.place.pack == first.place.pack && next.place.offset - end <= 64 << 10
                            && nextEnd - first.place.offset <= configuration.readBytes)
                else { return false }
                end = max(end, nextEnd)
                return true
            }
            rest = rest.dropFirst(run.count)
            try await deliver(try await read(Array(run), first.place.offset..<end, damaged))
        }
    }

    /// Reads a stretch of a pack with the shards that lie in it.
    private func read(
        _ run: [(shard: Digest, place: ArchiveIndex.Place)], _ range: Range<Int>,
        _ damaged: (Digest, DataSyncError) throws -> Void
    ) async throws -> [ArrivedShard] {
        guard let pack = run.first?.place.pack else { return [] }
        let most = configuration.limits.shardBytes + 64 << 10
        for (shard, place) in run where !(1...most).contains(place.length) {
            throw DataSyncError(.corruptShard, "the archive's index says that shard \(shard) has \(place.length) bytes")
        }
        let key = layout.pack(pack)
        let bytes = try await stretch(of: key, range)
        var arrived: [ArrivedShard] = []
        for (shard, place) in run {
            let start = place.offset - range.lowerBound
            let section = bytes.flatMap {
                start + place.length <= $0.count ? $0.slice(start..<start + place.length) : nil
            }
            do { arrived.append(try await verified(section, shard, place, key)) } catch let error as DataSyncError
                where error.is(.corruptShard) || error.is(.missing)
            { try damaged(shard, error) }
        }
        return arrived
    }

    /// Those bytes of an object, as many as there are; `nil` when the object is gone or ends before them, which is as bad as
    /// wrong bytes.
    private func stretch(of key: String, _ range: Range<Int>) async throws -> ShardBytes? {
        do { return try await objects.get(key, range: range, maximumBytes: range.count) } catch let error
            as DataSyncError
            where error.is(.missing) || error.is(.objectStore) && !error.isRetriable
        { return nil }
    }

    /// The shard in `section`, or the same fetched again.
    private func verified(
        _ section: ShardBytes?, _ shard: Digest, _ place: ArchiveIndex.Place, _ key: String
    ) async throws -> ArrivedShard {
        var section = section
        var attempt = 0
        while true {
            do {
                guard let section else { throw DataSyncError(.corruptShard, "shard \(shard): the pack ends before it") }
                return try await hashing.run { [section] in try ArchivedSection.read(section, shard: shard) }
            } catch let error as DataSyncError where error.is(.corruptShard) {
                guard attempt < configuration.rereads else {
                    throw DataSyncError(
                        .corruptShard,
                        "\(error.message), in object \(key) of \(objects.name), fetched \(attempt + 1) times; fetch it from "
                            + "another cloud, or remove the object, and the archive stores it again")
                }
                attempt += 1
                logger.warning(
                    "a shard from the archive is damaged and fetched again", ["shard": shard.hex, "object": key])
                let range = place.offset..<place.offset + place.length
                let again = try await stretch(of: key, range)
                section = again?.count == range.count ? again : nil
            }
        }
    }

    /// Reads everything that a manifest names, and keeps nothing.
    /// - Parameter progress: is told raw bytes as they are found sound.
    /// - Returns: the shards that stay damaged, and why.
    /// - Throws: as `shards`, but for damage.
    public func verify(
        _ manifest: Digest, progress: (Int) async throws -> Void = { _ in }
    ) async throws -> [Digest: DataSyncError] {
        let found = try await self.manifest(manifest)
        var all: [Digest: DataSyncError] = [:]
        try await fetch(
            found.shards.map(\.digest), of: manifest,
            deliver: { arrived in try await progress(arrived.reduce(0) { $0 + $1.list.size }) },
            damaged: { all[$0] = $1 })
        return all
    }
}
