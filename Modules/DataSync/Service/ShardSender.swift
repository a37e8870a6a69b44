import Contracts
import Core
import MessageBus
import Telemetry

/// Serves one pull: reads what is wanted, makes it smaller where that pays, and sends it item by item.
struct ShardSender: Sendable {
    struct Ask: Sendable {
        /// Place in the manifest's shards.
        let index: Int
        let selection: LeafSelection
    }

    /// Some of an ask's leaves, in order.
    struct Portion: Sendable {
        let index: Int
        let place: ShardStore.Located
        var leaves: [Int]

        var list: LeafList { place.list }
        var bytes: Int { leaves.reduce(0) { $0 + list.leaves[$1].size } }
    }

    /// Shards that are looked up together, a moment before they are read.
    private static let lookupCount = 16
    /// Parts of one item: small shards travel together.
    static let maximumParts = 256

    let service: DataSyncService
    let request: PullRequest
    let peer: PeerID
    let served: DataSyncService.Served
    /// Shards of the base, when differences may be sent.
    let base: [ShardSpec]?
    let priority: TransferPriority
    let deadline: ContinuousClock.Instant?
    let record: TransferRecord
    let writer: StreamWriter<PullItem>

    func send(_ asks: [Ask]) async throws {
        var encoder = PortionEncoder(
            PortionEncoder.Source(
                service: service, served: served, base: base, codec: request.codec,
                bytesPerSecond: request.bytesPerSecond, isDoubted: request.recheck == true))
        var rest = asks
        var pace = SenderPace()
        var item: [Portion] = []
        var itemBytes = 0
        let limit = min(max(request.itemBytes, 1), 1 << 20)
        func flush() async throws {
            guard !item.isEmpty else { return }
            try await emit(item, bytes: itemBytes, &encoder, &pace)
            (item, itemBytes) = ([], 0)
        }
        while !rest.isEmpty {
            let number = service.arrivals.signal(of: served.digest)?.number
            let next = rest.prefix(Self.lookupCount)
            let places = try await service.shards.located(next.map { served.manifest.shards[$0.index].digest })
            var later: [Ask] = []
            for ask in next {
                guard let place = places[served.manifest.shards[ask.index].digest],
                    place.list.leaves.count == ask.selection.count
                else {
                    later.append(ask)
                    continue
                }
                // Alone in its item from where the last one was full.
                for leaf in ask.selection.indices {
                    let size = place.list.leaves[leaf].size
                    if itemBytes > 0, itemBytes + size > limit { try await flush() }
                    if item.last?.index == ask.index {
                        item[item.count - 1].leaves.append(leaf)
                    } else {
                        item.append(Portion(index: ask.index, place: place, leaves: [leaf]))
                    }
                    itemBytes += size
                }
                if item.count >= Self.maximumParts { try await flush() }
            }
            rest = later + rest.dropFirst(next.count)
            guard later.count == next.count else { continue }
            try await flush()
            if try await isOnItsWay(since: number) { continue }
            // What is not here and does not come in time is for another source.
            try await writer.send(PullItem(parts: later.map { PullPart(shard: $0.index, isAbsent: true) }))
            rest.removeFirst(later.count)
        }
        try await flush()
    }

    /// Waits a while for shards that are being fetched to here themselves.
    private func isOnItsWay(since number: UInt64?) async throws -> Bool {
        guard let number else { return false }
        // Whatever was fetched when these shards were looked up has ended since: they are to be looked up once more.
        guard let signal = service.arrivals.signal(of: served.digest) else { return true }
        return try await signal.wait(past: number, atMost: service.configuration.relayPatience)
    }

    private func emit(
        _ item: [Portion], bytes: Int, _ encoder: inout PortionEncoder, _ pace: inout SenderPace
    ) async throws {
        let lease = try await service.desk.enter(bytes, for: peer, priority: priority, deadline: deadline)
        let encoded = try await encoder.encode(item)
        let attachments = LentPayload.attachments(encoded.payloads, lease: lease)
        let sent = encoded.payloads.reduce(0) { $0 + $1.count }
        let waited = try await send(
            PullItem(parts: encoded.parts, isHeld: pace.isHeld(at: .now) ? true : nil), attachments)
        encoder.noteWait(waited)
        pace.sent(at: .now, waited: waited)
        record.moved(sent)
        record.count { counters in
            counters.done += bytes
            counters.deltaSaved += encoded.deltaSaved
            counters.compressionSaved += bytes - sent - encoded.deltaSaved
        }
        service.metrics.sentBytes.increment(by: sent)
    }

    /// Sends one item, or gives up on a receiver that grants no room for it: what is read ahead for it takes memory from
    /// the others.
    /// - Returns: how long it took until there was room.
    private func send(_ item: PullItem, _ attachments: [Attachment]) async throws -> Duration {
        let start = ContinuousClock.now
        let isSent = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [writer] in
                try await writer.send(item, attachments: attachments)
                return true
            }
            group.addTask { [service] in
                try await ContinuousClock().sleep(for: service.configuration.stallTimeout)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        guard isSent else {
            throw DataSyncError(
                .stalled, "'\(peer)' took no shard for \(service.configuration.stallTimeout); ask again for the rest",
                isRetriable: true)
        }
        return start.duration(to: .now)
    }
}

/// Bytes on their way to a peer, and the part of the budget they take until the last of them is sent.
final class LentPayload: Sendable {
    private let bytes: ShardBytes
    private let lease: ByteBudget.Lease

    private init(_ bytes: ShardBytes, _ lease: ByteBudget.Lease) {
        self.bytes = bytes
        self.lease = lease
    }

    static func attachments(_ payloads: [ShardBytes], lease: ByteBudget.Lease) -> [Attachment] {
        payloads.map { payload in
            Attachment(owner: LentPayload(payload, lease), bytes: payload.buffer.bytes(payload.range))
        }
    }
}
