import Contracts
import Core
import MessageBus
import Telemetry

extension DataSyncService {
    /// Shards asked for in one stream.
    private static let streamLength = 2048

    /// A shard that came and is not looked at yet.
    fileprivate struct Arrival {
        let item: ShardItem
        let payload: Attachment
    }

    /// Pulls shards from `source`, in as much memory as `receiving` has to give. While some are on the wire others are
    /// verified and written, a batch at a time; what arrived before a failure is kept.
    /// - Throws: `protocol-violation`, `corrupt-shard` or `stalled` (retriable), `StoreError` `full`, or what the bus says.
    func pull(
        _ missing: [ShardSpec], from source: PeerID, trace: TraceID, into moved: inout MovedShards
    ) async throws {
        var rest = missing[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.streamLength)
            rest = rest.dropFirst(part.count)
            let largest = part.reduce(0) { max($0, $1.size) }
            let (window, batch) = (configuration.windowBytes, configuration.batchBytes)
            let demand = TransferRoom.demand(
                total: part.reduce(0) { $0 + $1.size }, largest: largest, window: window, batch: batch)
            let lease = try await receiving.take(demand.minimum, upTo: demand.desired, for: source)
            defer { withExtendedLifetime(lease) {} }
            let room = TransferRoom(bytes: lease.bytes, largest: largest, window: window, batch: batch)
            try await pull(part, from: source, in: room, trace: trace, into: &moved)
        }
    }

    private func pull(
        _ specs: ArraySlice<ShardSpec>, from source: PeerID, in room: TransferRoom, trace: TraceID,
        into moved: inout MovedShards
    ) async throws {
        let request = ShardsRequest(digests: specs.map(\.digest), recheck: moved.sawDamage ? true : nil)
        let stream = try await bus.stream(
            DataSyncContract.shards, request, to: .peer(source), window: room.window, trace: trace)
        let stalls = StallWatch()
        let patience = configuration.stallTimeout * 2
        async let _ = stalls.watch(patience) { stream.cancel() }
        let counted = try await withThrowingTaskGroup(of: Kept.self) { group in
            var counted = Kept()
            var running = 0
            var batch: [Arrival] = []
            var batchBytes = 0
            func flush() async throws {
                guard !batch.isEmpty else { return }
                // One batch is written while the next is hashed and a third arrives: memory stays bounded.
                if running == 2, let kept = try await group.next() {
                    counted.add(kept)
                    running -= 1
                }
                let arrivals = batch
                group.addTask { [self] in await keep(arrivals) }
                running += 1
                (batch, batchBytes) = ([], 0)
            }
            do {
                var expected = specs.makeIterator()
                for try await item in stream {
                    let payload = try check(item, expected.next())
                    stalls.step()
                    if batchBytes + payload.count > room.batch { try await flush() }
                    batch.append(Arrival(item: item.body, payload: payload))
                    batchBytes += payload.count
                    if batchBytes >= room.batch || batch.count == 64 { try await flush() }
                    if counted.failure != nil { break }
                }
                if counted.failure == nil, let next = expected.next() {
                    throw DataSyncError(
                        .protocolViolation, "the source sent no shard \(next.digest)", isRetriable: true)
                }
            } catch {
                let failure =
                    stalls.isStalled
                    ? DataSyncError(.stalled, "'\(source)' sent no shard for \(patience)", isRetriable: true) : error
                counted.failure = counted.failure ?? failure
            }
            try await flush()
            for try await kept in group { counted.add(kept) }
            return counted
        }
        moved.shards += counted.shards
        moved.bytes += counted.bytes
        if let failure = counted.failure { throw failure }
        try Task.checkCancellation()
    }

    /// What became of a batch.
    fileprivate struct Kept: Sendable {
        var shards = 0
        var bytes = 0
        var failure: (any Error)?

        mutating func add(_ other: Kept) {
            shards += other.shards
            bytes += other.bytes
            failure = failure ?? other.failure
        }
    }

    /// An item is the shard asked for next, and no larger than it can be.
    private func check(_ item: Inbound<ShardItem>, _ expected: ShardSpec?) throws -> Attachment {
        guard let expected, item.body.digest == expected.digest, item.body.size == expected.size else {
            throw DataSyncError(
                .protocolViolation,
                "the source sent shard \(item.body.digest) of \(item.body.size) bytes in place of "
                    + (expected.map { "\($0.digest) of \($0.size)" } ?? "the end"))
        }
        guard item.attachments.count == 1, let payload = item.attachments.first, payload.count <= expected.size else {
            throw DataSyncError(
                .protocolViolation,
                "shard \(expected.digest) came as \(item.attachments.count) attachments of "
                    + "\(item.attachments.reduce(0) { $0 + $1.count }) bytes, not one of at most \(expected.size)")
        }
        return payload
    }

    /// Verifies and stores a batch, durable when this returns; what is sound of it is kept even if something is not.
    private func keep(_ arrivals: [Arrival]) async -> Kept {
        var kept = Kept()
        do {
            let arrived = try await shards.workers.run { try arrivals.map { try $0.shard } }
            let refused = try await shards.accept(arrived)
            for arrival in arrivals {
                if let error = refused[arrival.item.digest] {
                    kept.failure = kept.failure ?? error
                } else {
                    kept.shards += 1
                    kept.bytes += arrival.payload.count
                }
            }
        } catch { kept.failure = error }
        metrics.receivedBytes.increment(by: kept.bytes)
        if (kept.failure as? DataSyncError)?.is(.corruptShard) ?? false { metrics.damagedShards.increment() }
        return kept
    }
}

extension DataSyncService.Arrival {
    /// The shard that the sender says it is; the store checks it.
    fileprivate var shard: ArrivedShard {
        get throws {
            let bytes = ShardBytes(payload)
            guard let sizes = item.leaves, item.encoding == .raw else {
                guard let list = LeafList([Leaf(key: LeafKey(item.digest), size: item.size)]) else { throw damaged }
                return ArrivedShard(
                    digest: item.digest, list: list,
                    contents: [.encoded(item.encoding == .raw ? .raw : .lz4, bytes)])
            }
            guard (1...LeafList.maximumLeaves).contains(sizes.count),
                sizes.allSatisfy({ (1...Leaf.maximumBytes).contains($0) }), sizes.reduce(0, +) == bytes.count
            else { throw damaged }
            var contents: [ArrivedShard.Content] = []
            var start = 0
            let leaves = sizes.map { size in
                let leaf = bytes.slice(start..<start + size)
                start += size
                contents.append(.raw(leaf))
                return Leaf(key: leaf.withUnsafeBytes { SHA256.key(of: $0) }, size: size)
            }
            guard let list = LeafList(leaves) else { throw damaged }
            return ArrivedShard(digest: item.digest, list: list, contents: contents, elementBytes: 4)
        }
    }

    private var damaged: DataSyncError {
        DataSyncError(
            .corruptShard, "shard \(item.digest) arrived damaged: its leaves are not those of \(item.size) bytes",
            isRetriable: true)
    }
}
