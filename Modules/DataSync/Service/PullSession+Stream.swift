import Contracts
import Core
import MessageBus
import Synchronization
import Telemetry

extension PullSession {
    /// A measurement is one when it took so long.
    private static let shortestMeasurement: Duration = .milliseconds(4)

    /// Asks one source for pieces and hands over what comes.
    func stream(_ pieces: [Int], from id: Int) async throws {
        let link = links[id]
        let (wanted, usesBase) = state.withLock { state in (pieces.map { state.wanted[$0] }, state.usesBase) }
        let places = Dictionary(zip(wanted.map(\.index), pieces)) { first, _ in first }
        let estimate = service.links.estimate(of: link.peer)
        let window = min(setting.room.window, estimate.window)
        var request = PullRequest(
            manifest: setting.manifest, asks: wanted.map { ShardAsk(shard: $0.index, leaves: $0.selection.text) },
            base: usesBase ? setting.base?.digest : nil, codec: setting.codec.rawValue,
            itemBytes: LinkEstimate.itemBytes(window: window), bytesPerSecond: estimate.bytesPerSecond)
        if link.recheck { request.recheck = true }
        let remaining = setting.deadline.map { max(Duration.milliseconds(1), ContinuousClock.now.duration(to: $0)) }
        let asked = ContinuousClock.now
        let stream = try await link.bus.stream(
            Self.call(setting.priority), request, to: .peer(link.peer), window: window, timeout: remaining,
            trace: setting.trace)
        state.withLock { $0.streams[id] = stream }
        let stalls = StallWatch()
        async let _ = stalls.watch(link.patience) { stream.cancel() }
        do {
            var assembler = ShardAssembler(wanted)
            var first: ContinuousClock.Instant?
            var last = asked
            var bytes = 0
            var pace = ReceiverPace()
            for try await item in stream {
                stalls.step()
                last = .now
                if first == nil {
                    first = last
                    service.links.note(link.peer) { $0.note(roundTrip: last - asked, at: last) }
                } else {
                    let count = item.attachments.reduce(0) { $0 + $1.count }
                    bytes += count
                    pace.came(count, isHeld: item.body.isHeld == true, at: last)
                }
                try await take(try assembler.take(item.body, item.attachments), from: id, places)
                pace.tookOver(at: .now)
                let isOver = state.withLock { $0.fatal != nil || !$0.plan.isOutstanding(id) && $0.plan.isDone }
                if isOver { return }
            }
            guard assembler.isComplete else {
                throw DataSyncError(
                    .protocolViolation, "the source sent not all of the shards that it was asked for", isRetriable: true
                )
            }
            if let first, last - first >= Self.shortestMeasurement {
                service.links.note(link.peer) { $0.note(bytes: bytes, over: last - first) }
                await service.tell(bytes, from: link.peer, over: last - first, isLimited: pace.isLimited)
            }
        } catch {
            guard stalls.isStalled else { throw error }
            throw DataSyncError(.stalled, "'\(link.peer)' sent nothing for \(link.patience)", isRetriable: true)
        }
    }

    private static func call(_ priority: TransferPriority) -> StreamCall<PullRequest, PullItem> {
        switch priority {
        case .urgent: DataSyncContract.pullUrgent
        case .normal: DataSyncContract.pull
        case .bulk: DataSyncContract.pullBulk
        }
    }

    /// Hands over what came of pieces; `places` says which piece is the shard at a place of the manifest.
    func take(_ events: [ShardAssembler.Event], from id: Int, _ places: [Int: Int]) async throws {
        let now = ContinuousClock.now
        if events.isEmpty { state.withLock { $0.plan.progressed(id, at: now) } }
        for event in events {
            switch event {
            case .absent(let index):
                guard let place = places[index] else { continue }
                state.withLock { $0.plan.declined(place, by: id, at: now) }
                changes.raise()
            case .shard(let arrived):
                guard let place = places[arrived.wanted.index] else { continue }
                record.moved(arrived.bytes)
                service.metrics.receivedBytes.increment(by: arrived.bytes)
                let isWanted = state.withLock { state in
                    state.movedBytes += arrived.bytes
                    return state.plan.received(place, from: id, at: now)
                }
                if isWanted {
                    try await queue.push((id, arrived), bytes: max(arrived.bytes, arrived.wanted.wantedBytes))
                }
            }
        }
    }
}
