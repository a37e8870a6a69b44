import Contracts
import Core
import MessageBus
import Synchronization
import Telemetry

extension PullSession {
    /// Shards that are with the store and not durable yet, without their bytes.
    struct WrittenBatch: Sendable {
        struct Shard: Sendable {
            let source: Int
            let wanted: ShardAssembler.Wanted
            /// What it adds to the record.
            let counters: TransferRecord.Counters
        }

        let shards: [Shard]
        let stored: ShardStore.Written
    }

    /// Verifies and writes what arrives, until nothing more comes.
    func write() async {
        while true {
            let batch: [(source: Int, arrived: ShardAssembler.Arrived)]
            let bytes: Int
            do { (batch, bytes) = try await queue.next(upTo: setting.room.batch) } catch { return }  // Cancelled.
            if batch.isEmpty { return }
            // Room comes first: what is written must be handed on, whatever happens.
            do { try await written.takeRoom(bytes) } catch { return }
            do {
                if let made = try await write(batch) {
                    written.put(made, bytes: bytes)
                } else {
                    written.release(bytes)
                }
            } catch {
                written.release(bytes)
                end(error)
            }
            queue.release(bytes)
        }
    }

    /// Makes durable what was written, all of it at a time, until nothing more is.
    func land() async {
        while true {
            let batches: [WrittenBatch]
            let bytes: Int
            do { (batches, bytes) = try await written.next(upTo: .max) } catch { return }  // Cancelled.
            if batches.isEmpty { return }
            do { for batch in batches { try await land(batch) } } catch { end(error) }
            written.release(bytes)
        }
    }

    private func write(
        _ batch: [(source: Int, arrived: ShardAssembler.Arrived)]
    ) async throws -> WrittenBatch? {
        let room = try await rebuildingRoom(batch.map(\.arrived))
        defer { withExtendedLifetime(room) {} }
        var shards: [ArrivedShard] = []
        var refused: [Digest: DataSyncError] = [:]
        var isBaseDamaged = false
        for (_, arrived) in batch {
            do { shards.append(try await rebuild(arrived)) } catch let error as DataSyncError {
                refused[arrived.wanted.spec.digest] = error
                if error.code == Self.baseGone { isBaseDamaged = true }
            }
        }
        let (sound, unsound) = try await service.shards.verified(shards)
        refused.merge(unsound) { first, _ in first }
        if !refused.isEmpty {
            for (id, arrived) in batch {
                if let error = refused[arrived.wanted.spec.digest] { refuse(arrived.wanted, from: id, error) }
            }
            if isBaseDamaged { state.withLock { $0.usesBase = false } }
            changes.raise()
        }
        guard !sound.isEmpty else { return nil }
        let stored = try await service.shards.write(sound)
        return WrittenBatch(
            shards: batch.filter { refused[$0.arrived.wanted.spec.digest] == nil }.map { id, arrived in
                WrittenBatch.Shard(source: id, wanted: arrived.wanted, counters: Self.counters(arrived))
            }, stored: stored)
    }

    private func land(_ batch: WrittenBatch) async throws {
        let refused = try await service.shards.land(batch.stored)
        service.arrivals.raise(setting.manifest)
        let now = ContinuousClock.now
        for shard in batch.shards {
            if let error = refused[shard.wanted.spec.digest] {
                refuse(shard.wanted, from: shard.source, error)
            } else {
                note(shard, at: now)
            }
        }
        changes.raise()
    }

    /// A shard is here.
    private func note(_ shard: WrittenBatch.Shard, at now: ContinuousClock.Instant) {
        let others = state.withLock { state -> [Int] in
            guard let place = state.place(of: shard.wanted.index) else { return [] }
            let (isFirst, others) = state.plan.arrived(place, from: shard.source, at: now)
            if isFirst { state.movedShards += 1 }
            return others
        }
        // Whoever has nothing else to bring need not go on.
        for other in others {
            let stream = state.withLock { $0.plan.isOutstanding(other) ? nil : $0.streams[other] }
            stream?.cancel()
        }
        record.count { $0.add(shard.counters) }
    }

    /// What a shard that arrived adds to the record; what it moved is in there already.
    private static func counters(_ arrived: ShardAssembler.Arrived) -> TransferRecord.Counters {
        let wanted = arrived.wanted.wantedBytes
        var differences = 0
        var raw = 0
        var start = 0
        for piece in arrived.pieces {
            switch piece {
            case .leaf: start += 1
            case .difference(let leaves, _, let bytes):
                let sizes = arrived.wanted.selection.indices[start..<start + leaves]
                raw += sizes.reduce(0) { $0 + arrived.wanted.list.leaves[$1].size }
                differences += bytes.count
                start += leaves
            }
        }
        return TransferRecord.Counters(
            done: arrived.wanted.spec.size, deduplicated: arrived.wanted.spec.size - wanted,
            deltaSaved: raw - differences,
            compressionSaved: max(0, (wanted - raw) - (arrived.bytes - differences)))
    }

    private func refuse(_ wanted: ShardAssembler.Wanted, from id: Int, _ error: DataSyncError) {
        let peer = links[id].peer
        if error.is(.missing) || error.code == Self.baseGone {
            // A leaf that was here has gone, or the base: all of the shard is asked for.
            state.withLock { state in
                guard let place = state.place(of: wanted.index) else { return }
                state.wanted[place].selection = .all(of: wanted.list.leaves.count)
                state.wanted[place].hasBase = false
                state.plan.again(place, from: id)
            }
            return
        }
        service.metrics.damagedShards.increment()
        service.logger.warning(
            "what a source sent is damaged", ["source": peer.text, "shard": wanted.spec.digest.hex],
            error: error)
        let stream = state.withLock { state in
            if let place = state.place(of: wanted.index) { state.plan.declined(place, by: id, at: .now) }
            state.plan.lost(id)
            state.failures[peer] = error
            state.lastFailure = error
            state.sawDamage.insert(peer)
            return state.streams[id]
        }
        stream?.cancel()
    }

    // MARK: Differences

    private static var baseGone: String { "base-gone" }

    /// Memory for what differences are added to and for what comes of it, which the fetch's own room does not count: many
    /// fetches may have a batch in hand while two threads work. What is urgent is little, and does not wait.
    private func rebuildingRoom(_ batch: [ShardAssembler.Arrived]) async throws -> ByteBudget.Lease? {
        guard setting.priority != .urgent else { return nil }
        let bytes = batch.filter(\.hasDifference).reduce(0) { $0 + $1.wanted.spec.size + $1.wanted.wantedBytes }
        return bytes > 0 ? try await service.rebuilding.take(bytes, for: links[0].peer) : nil
    }

    /// The shard as the store takes it: differences are added to what they are differences to.
    private func rebuild(_ arrived: ShardAssembler.Arrived) async throws -> ArrivedShard {
        let wanted = arrived.wanted
        var contents = [ArrivedShard.Content](repeating: .present, count: wanted.list.leaves.count)
        var base: ShardBytes?
        var place = 0
        for piece in arrived.pieces {
            switch piece {
            case .leaf(let encoding, let bytes):
                contents[wanted.selection.indices[place]] = .encoded(encoding, bytes)
                place += 1
            case .difference(let count, let entropy, let bytes):
                let leaves = Array(wanted.selection.indices[place..<place + count])
                let old: ShardBytes
                if let base { old = base } else { old = try await baseBytes(wanted) }
                base = old
                let new = try await service.shards.workers.run {
                    try LeafDifference.decode(bytes, entropy, base: old, list: wanted.list, leaves: leaves)
                }
                for (leaf, raw) in zip(leaves, new) { contents[leaf] = .raw(raw) }
                place += count
            }
        }
        return ArrivedShard(
            digest: wanted.spec.digest, list: wanted.list, contents: contents, elementBytes: setting.elementBytes)
    }

    private func baseBytes(_ wanted: ShardAssembler.Wanted) async throws -> ShardBytes {
        guard let base = setting.base, base.shards.indices.contains(wanted.index) else {
            throw DataSyncError(.protocolViolation, "the source sent a difference to nothing")
        }
        let spec = base.shards[wanted.index]
        do { return try await service.shard(spec.digest) } catch let error as DataSyncError {
            throw DataSyncError(
                code: Self.baseGone, "shard \(spec.digest), to which a difference was sent, cannot be read",
                cause: error)
        }
    }
}

extension PullSession.State {
    /// Which piece of the plan is the shard at this place of the manifest.
    func place(of index: Int) -> Int? {
        // Pieces are in the manifest's order.
        var low = 0
        var high = wanted.count
        while low < high {
            let middle = (low + high) / 2
            if wanted[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low < wanted.count && wanted[low].index == index ? low : nil
    }
}
