import Contracts
import Core
import MessageBus
import Telemetry

/// Small versions, whose shards come along with the answer to `offer`: one round trip in place of three, and nothing waits three
/// times behind whatever else is on the link.
extension DataSyncService {
    /// The most shards that come along.
    private static let alongShards = ShardSender.maximumParts

    /// What came along, for as long as it takes memory.
    struct Along: Sendable {
        let item: PullItem
        let base: Digest?
        let lists: Attachment
        let attachments: [Attachment]
        let lease: ByteBudget.Lease
    }

    // MARK: The source

    /// All shards of a version, unless it is not small, or has to wait for its turn or for memory.
    func along(
        _ wish: AlongRequest, _ served: Served, _ bases: [Digest], to peer: PeerID
    ) async throws -> (AlongItem, [Attachment])? {
        let manifest = served.manifest
        let bytes = manifest.rawBytes
        let indices = manifest.firstPlaces
        guard served.isComplete, bytes <= min(wish.bytes, configuration.alongBytes), indices.count <= Self.alongShards,
            let lease = desk.enterNow(bytes, for: peer, isUrgent: wish.isUrgent)
        else { return nil }
        var base: (digest: Digest, shards: [ShardSpec])?
        for digest in bases where base == nil {
            let old: Manifest
            do { old = try await known(digest) } catch is DataSyncError { continue }
            base = manifest.places(in: old).map { (digest, $0) }
        }
        let changed = Self.changed(indices, manifest, base?.shards)
        let places = try await shards.located(changed.map { manifest.shards[$0].digest })
        let portions = changed.compactMap { index in
            places[manifest.shards[index].digest].map {
                ShardSender.Portion(index: index, place: $0, leaves: Array($0.list.leaves.indices))
            }
        }
        guard portions.count == changed.count else { return nil }  // One went meanwhile: `pull` finds out.
        let record = board.begin(.serving, served.digest, with: peer, tags: try await tags(of: served.digest))
        record.count { $0.wanted = bytes }
        record.handle(.ready)
        defer { board.end(record) }
        do {
            var encoder = PortionEncoder(
                PortionEncoder.Source(
                    service: self, served: served, base: base?.shards, codec: wish.codec,
                    bytesPerSecond: wish.bytesPerSecond))
            let encoded = try await encoder.encode(portions)
            let sent = encoded.payloads.reduce(0) { $0 + $1.count }
            record.moved(sent)
            record.count { counters in
                counters.done = bytes
                counters.deltaSaved = encoded.deltaSaved
                counters.compressionSaved = bytes - sent - encoded.deltaSaved
            }
            metrics.sentBytes.increment(by: sent)
            record.handle(.allPresent)
            record.handle(.held)
            let lists = portions.filter { $0.list.leaves.count > 1 }.map(\.list)
            return (
                AlongItem(item: PullItem(parts: encoded.parts), base: base?.digest),
                [Attachment(LeafListTable.write(lists))] + LentPayload.attachments(encoded.payloads, lease: lease)
            )
        } catch let error as DataSyncError {
            // A shard is damaged, or went meanwhile: whoever pulls gets the others, and hears of this one.
            record.fail(Failure(error))
            return nil
        }
    }

    /// Those of a version's shards that are not the base's too.
    private static func changed(_ indices: [Int], _ manifest: Manifest, _ base: [ShardSpec]?) -> [Int] {
        guard let base else { return indices }
        return indices.filter { base[$0].digest != manifest.shards[$0].digest }
    }

    // MARK: The receiver

    /// What to ask for along with a manifest, and the memory for it; `nil` for what nobody waits for, and when memory is short.
    func alongWish(_ fetch: Fetch) -> (request: AlongRequest, lease: ByteBudget.Lease)? {
        let (source, terms) = (fetch.request.source, fetch.terms)
        let bytes = min(configuration.alongBytes, fetch.request.maximumBytes)
        guard bytes > 0, terms.priority != .bulk, fetch.moved.damaging.isEmpty else { return nil }
        let budget = terms.priority == .urgent ? urgentReceiving : receiving
        guard let lease = budget.takeNow(bytes, for: Self.holder(source, terms.priority)) else { return nil }
        let request = AlongRequest(
            bytes: bytes, codec: terms.codec.rawValue,
            bytesPerSecond: links.estimate(of: source).bytesPerSecond, isUrgent: terms.priority == .urgent)
        return (request, lease)
    }

    /// Takes what an offer brought, whose first attachment is the manifest.
    /// - Throws: `protocol-violation`.
    static func along(
        _ reply: OfferReply, _ attachments: [Attachment], _ lease: ByteBudget.Lease?
    ) throws(DataSyncError) -> Along? {
        guard let along = reply.along else {
            guard attachments.count == 1 else {
                throw DataSyncError(
                    .protocolViolation, "the source sent \(attachments.count) manifests in place of one")
            }
            return nil
        }
        guard let lease, attachments.count >= 2,
            attachments.dropFirst().reduce(0, { $0 + $1.count }) <= 2 * lease.bytes,
            along.base.map(reply.bases.contains) ?? true
        else { throw DataSyncError(.protocolViolation, "the source sent along what was not asked for") }
        return Along(
            item: along.item, base: along.base, lists: attachments[1], attachments: Array(attachments.dropFirst(2)),
            lease: lease)
    }

    /// Verifies and stores what came along.
    /// - Returns: whether that is all of it; the next attempt asks for what was no good.
    func absorb(_ along: Along, of manifest: Manifest, _ fetch: inout Fetch) async throws -> Bool {
        let indices = manifest.firstPlaces
        guard manifest.rawBytes <= along.lease.bytes, indices.count <= Self.alongShards else {
            throw DataSyncError(.protocolViolation, "the source sent along more than was asked for")
        }
        var base: (digest: Digest, shards: [ShardSpec])?
        if let digest = along.base {
            // It may have been released since it was offered.
            guard let entry = try await entry(digest), let shards = manifest.places(in: entry.manifest) else {
                return false
            }
            base = (digest, shards)
        }
        let changed = Self.changed(indices, manifest, base?.shards)
        let unknown = changed.filter { manifest.shards[$0].leaves > 1 }
        let lists = try Self.lists(along.lists, of: manifest, unknown)
        let wanted = try changed.map { index in
            ShardAssembler.Wanted(
                index: index, spec: manifest.shards[index],
                list: try lists[index] ?? Self.onlyLeaf(of: manifest.shards[index]),
                selection: .all(of: manifest.shards[index].leaves),
                hasBase: base != nil)
        }
        var assembler = ShardAssembler(wanted)
        let events = try assembler.take(along.item, along.attachments)
        let largest = wanted.reduce(0) { max($0, $1.spec.size) }
        let session = PullSession(
            self,
            PullSession.Setting(
                manifest: fetch.request.manifest, elementBytes: manifest.elementBytes(hasBase: base != nil),
                priority: fetch.terms.priority, codec: fetch.terms.codec, deadline: fetch.deadline, trace: fetch.trace,
                room: TransferRoom(
                    bytes: along.lease.bytes, largest: largest, window: configuration.windowBytes,
                    batch: configuration.batchBytes), base: base),
            wanted: wanted,
            links: [
                PullSession.Link(
                    peer: fetch.request.source, bus: bus, tier: 0, patience: configuration.stallTimeout)
            ], record: fetch.record)
        defer { fetch.add(session) }
        try await unlessStopped(fetch.record) { try await session.absorb(events) }
        return session.isDone
    }
}

extension Manifest {
    /// The first place of each shard.
    var firstPlaces: [Int] {
        var seen: Set<Digest> = []
        return shards.indices.filter { seen.insert(shards[$0].digest).inserted }
    }

    /// As in `NewShard`, of what arrives of it raw.
    func elementBytes(hasBase: Bool) -> Int { tensors.isEmpty && !hasBase ? 1 : 4 }
}
