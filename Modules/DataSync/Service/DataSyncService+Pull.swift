import Contracts
import Core
import MessageBus
import Store
import Telemetry

extension DataSyncService {
    /// Shards whose leaves are looked up, asked for and moved in one go: bounds the memory that lists take.
    private static let portion = 2048
    /// Of the leaves of which nothing is known, one in so many is looked up; only if some are here the others are too.
    private static let sampling = 8

    /// Brings what is missing, a portion at a time.
    /// - Returns: whether all of it came; what did not is found missing by the next attempt.
    func pull(_ missing: [Int], of opening: Opening, _ fetch: inout Fetch) async throws -> Bool {
        let manifest = opening.manifest
        if let along = opening.along { return try await absorb(along, of: manifest, &fetch) }
        let links = try await links(opening, fetch)
        defer { for link in links.holders { exchange?.disconnect(link.peer) } }
        fetch.record.attempt(peers: links.all.map(\.peer))
        let base = try await base(of: opening, fetch.request)
        var rest = missing[...]
        var isWhole = true
        while !rest.isEmpty, fetch.record.phase == .moving {
            let part = rest.prefix(Self.portion)
            rest = rest.dropFirst(part.count)
            let wanted = try await plan(Array(part), of: manifest, fetch, base: base?.shards)
            let remote = wanted.filter { !$0.selection.indices.isEmpty }
            if try await !assemble(wanted.filter { $0.selection.indices.isEmpty }, fetch) { isWhole = false }
            guard !remote.isEmpty else { continue }
            if try await !pull(remote, of: manifest, base, links.all, &fetch) { isWhole = false }
        }
        return isWhole && rest.isEmpty
    }

    private func pull(
        _ wanted: [ShardAssembler.Wanted], of manifest: Manifest, _ base: (digest: Digest, shards: [ShardSpec])?,
        _ links: [PullSession.Link], _ fetch: inout Fetch
    ) async throws -> Bool {
        let largest = wanted.reduce(0) { max($0, $1.spec.size) }
        let (window, batch) = (configuration.windowBytes, configuration.batchBytes)
        let demand = TransferRoom.demand(
            total: wanted.reduce(0) { $0 + $1.spec.size }, largest: largest, window: window, batch: batch)
        let total = manifest.rawBytes
        let priority = fetch.terms.priority.carrying(total)
        // What is urgent is small and must not wait for what is not.
        let budget = priority == .urgent ? urgentReceiving : receiving
        let lease = try await budget.take(
            demand.minimum, upTo: demand.desired, for: Self.holder(fetch.request.source, priority))
        defer { withExtendedLifetime(lease) {} }
        let session = PullSession(
            self,
            PullSession.Setting(
                manifest: fetch.request.manifest, elementBytes: manifest.elementBytes(hasBase: base != nil),
                priority: priority, codec: fetch.terms.codec, deadline: fetch.deadline,
                trace: fetch.trace,
                room: TransferRoom(bytes: lease.bytes, largest: largest, window: window, batch: batch),
                base: base),
            wanted: wanted, links: links, record: fetch.record)
        defer { fetch.add(session) }
        try await unlessStopped(fetch.record) { try await session.run() }
        return session.isDone
    }

    /// For whom a fetch takes memory: what its source sends in bulk is counted apart, so that a model of the same source does not
    /// wait for the end of it.
    static func holder(_ source: PeerID, _ priority: TransferPriority) -> PeerID {
        priority == .bulk ? PeerID("\(source) in bulk") : source
    }

    /// Runs `body` until it is done, or an operator stops the transfer.
    func unlessStopped(_ record: TransferRecord, _ body: @escaping @Sendable () async throws -> Void)
        async throws
    {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                try await record.mustStop()
                return false
            }
            defer { group.cancelAll() }
            guard try await group.next() == false else { return }
            group.cancelAll()
            do { while try await group.next() != nil {} } catch {
                // What was under way ends because it was stopped; whatever it says, it is asked for again after the pause.
                logger.debug("a transfer was stopped", ["manifest": record.manifest.hex], error: error)
            }
        }
    }

    // MARK: Sources

    /// The source, and before it whoever it named that can be reached.
    private func links(
        _ opening: Opening, _ fetch: Fetch
    ) async throws -> (all: [PullSession.Link], holders: [PullSession.Link]) {
        let source = fetch.request.source
        var holders: [PullSession.Link] = []
        if let exchange {
            for holder in (opening.offer?.holders ?? []).prefix(4) where holder.peer != source {
                do {
                    try await exchange.connect(holder, timeout: configuration.relayPatience)
                    holders.append(
                        PullSession.Link(
                            peer: holder.peer, bus: exchange.bus, tier: 0, patience: configuration.relayPatience * 2))
                } catch let error as any ModuleError {
                    logger.info("another holder cannot be reached", ["holder": holder.peer.text], error: error)
                }
            }
        }
        let own = PullSession.Link(
            peer: source, bus: bus, tier: holders.isEmpty ? 0 : 1, patience: configuration.stallTimeout * 2,
            recheck: fetch.moved.damaging.contains(source))
        return (holders + [own], holders)
    }

    /// The newest version that both sides have some of whose shards lie as the manifest's do, and these.
    private func base(
        of opening: Opening, _ request: FetchRequest
    ) async throws -> (digest: Digest, shards: [ShardSpec])? {
        for digest in opening.offer?.bases ?? [] {
            let manifest: Manifest
            // It may have been released meanwhile.
            do { manifest = try await self.manifest(digest) } catch is DataSyncError { continue }
            if let shards = opening.manifest.places(in: manifest) { return (digest, shards) }
        }
        return nil
    }

    // MARK: What to ask for

    /// The leaf lists of shards and which of their leaves are not here.
    private func plan(
        _ places: [Int], of manifest: Manifest, _ fetch: Fetch, base: [ShardSpec]?
    ) async throws -> [ShardAssembler.Wanted] {
        let lists = try await lists(places, of: manifest, fetch)
        var here: Set<LeafKey> = []
        if let base {
            for list in try await shards.lists(places.map { base[$0].digest }).values {
                for leaf in list.leaves { here.insert(leaf.key) }
            }
        }
        let keys = lists.flatMap { $0.leaves.map(\.key) }.filter { !here.contains($0) }
        let sample = stride(from: 0, to: keys.count, by: Self.sampling).map { keys[$0] }
        let found = try await shards.held(sample)
        if !found.isEmpty { here.formUnion(try await shards.held(keys)) }
        return zip(places, lists).map { place, list in
            let wanted = list.leaves.indices.filter { !here.contains(list.leaves[$0].key) }
            return ShardAssembler.Wanted(
                index: place, spec: manifest.shards[place], list: list,
                selection: LeafSelection(wanted, of: list.leaves.count),
                hasBase: base.map { $0[place].digest != manifest.shards[place].digest } ?? false)
        }
    }

    /// The leaf lists of shards, verified; those of a single leaf need no asking.
    private func lists(_ places: [Int], of manifest: Manifest, _ fetch: Fetch) async throws -> [LeafList] {
        let unknown = places.filter { manifest.shards[$0].leaves > 1 }
        var lists: [Int: LeafList] = [:]
        if !unknown.isEmpty {
            let reply = try await bus.call(
                DataSyncContract.lists, ListsRequest(manifest: fetch.request.manifest, shards: unknown),
                to: .peer(fetch.request.source), timeout: configuration.stallTimeout, trace: fetch.trace)
            guard let table = reply.attachments.first, reply.attachments.count == 1 else {
                throw DataSyncError(.protocolViolation, "the source sent no lists")
            }
            lists = try Self.lists(table, of: manifest, unknown)
        }
        return try places.map { try lists[$0] ?? Self.onlyLeaf(of: manifest.shards[$0]) }
    }

    /// Reads and verifies the lists of the shards at `places`.
    static func lists(_ table: Attachment, of manifest: Manifest, _ places: [Int]) throws -> [Int: LeafList] {
        let found = try table.withUnsafeBytes { try LeafListTable.read($0, count: places.count) }
        var lists: [Int: LeafList] = [:]
        for (place, list) in zip(places, found) {
            let spec = manifest.shards[place]
            guard let list else {
                throw DataSyncError(
                    .missing, "shard \(spec.digest) is not at the source (any more)", isRetriable: true)
            }
            guard list.leaves.count == spec.leaves, list.size == spec.size, list.digest == spec.digest else {
                throw DataSyncError(.protocolViolation, "the source sent another list for shard \(spec.digest)")
            }
            lists[place] = list
        }
        return lists
    }

    /// The list of a shard of a single leaf, which bears its name.
    static func onlyLeaf(of spec: ShardSpec) throws(DataSyncError) -> LeafList {
        guard spec.leaves == 1, let list = LeafList([Leaf(key: LeafKey(spec.digest), size: spec.size)]) else {
            throw DataSyncError(.invalidManifest, "shard \(spec.digest) of \(spec.size) bytes has a single leaf")
        }
        return list
    }

    /// Shards all of whose leaves are here already: nothing moves for them.
    /// - Returns: whether they are; a leaf may have gone since it was looked up.
    private func assemble(_ wanted: [ShardAssembler.Wanted], _ fetch: Fetch) async throws -> Bool {
        guard !wanted.isEmpty else { return true }
        let refused = try await shards.accept(
            wanted.map { shard in
                ArrivedShard(
                    digest: shard.spec.digest, list: shard.list,
                    contents: shard.list.leaves.map { _ in .present })
            })
        let kept = wanted.filter { refused[$0.spec.digest] == nil }.reduce(0) { $0 + $1.spec.size }
        arrivals.raise(fetch.request.manifest)
        fetch.record.count { counters in
            counters.done += kept
            counters.deduplicated += kept
        }
        return refused.isEmpty
    }
}

/// The attachment of `datasync.lists`.
enum LeafListTable {
    static func write(_ lists: [LeafList?]) -> [UInt8] {
        var bytes: [UInt8] = []
        for list in lists {
            let encoded = list?.encoded ?? []
            withUnsafeBytes(of: UInt32(encoded.count).littleEndian) { bytes += $0 }
            bytes += encoded
        }
        return bytes
    }

    /// - Throws: `protocol-violation` for anything but `count` lists.
    static func read(_ bytes: UnsafeRawBufferPointer, count: Int) throws(DataSyncError) -> [LeafList?] {
        var lists: [LeafList?] = []
        var position = 0
        while lists.count < count {
            guard bytes.count - position >= 4 else { throw violation }
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
            position += 4
            guard length <= bytes.count - position else { throw violation }
            if length == 0 {
                lists.append(nil)
                continue
            }
            guard let list = LeafList(encoded: UnsafeRawBufferPointer(rebasing: bytes[position..<position + length]))
            else { throw violation }
            lists.append(list)
            position += length
        }
        guard position == bytes.count else { throw violation }
        return lists
    }

    private static var violation: DataSyncError {
        DataSyncError(.protocolViolation, "the source sent lists that are none")
    }
}
