public import Contracts
import Core
import Store

extension ShardStore {
    /// Attempts that count on leaves which are here; after them everything is written.
    private static let attempts = 3
    /// From so many leaves on, one in `sampling` is looked up at first.
    private static let sampled = 64
    private static let sampling = 8

    /// Stores shards from their raw bytes, durable when this returns.
    ///
    /// Hand over up to about 8 MiB at a time, and the next while this one is still at work: hashing and packing then go on
    /// while bytes are written. Leaves that are here are not written again.
    /// - Returns: the list of each shard, in order.
    /// - Throws: `DataSyncError` `invalid-request` for cuts that do not fit the bytes; `StoreError` `full` (retriable) or
    ///   `io`, and then none of them is stored.
    public func put(_ shards: [NewShard]) async throws -> [LeafList] {
        for shard in shards { try Self.check(shard) }
        let lists = try await inParallel(shards, weight: \.bytes.count) { try Self.list($0) }
        let arrived = zip(shards, lists).map { shard, list in
            ArrivedShard(
                digest: list.digest, list: list,
                contents: zip(list.offsets, list.leaves).map { .raw(shard.bytes.slice($0..<$0 + $1.size)) },
                elementBytes: shard.elementBytes)
        }
        if let refused = try await keep(arrived).values.first { throw refused }
        return lists
    }

    /// Stores shards that came from elsewhere, durable when this returns: those whose list hashes to their name and whose
    /// leaves hash to their list's.
    /// - Returns: why each of the others is not stored: `corrupt-shard` (retriable) when its bytes are not what its name
    ///   says, `missing` (retriable) when a leaf that was to be here has gone.
    /// - Throws: `StoreError` `full` (retriable) or `io`, and then none of them is stored.
    public func accept(_ shards: [ArrivedShard]) async throws -> [Digest: DataSyncError] {
        let (sound, refused) = try await verified(shards)
        return refused.merging(try await keep(sound)) { first, _ in first }
    }

    /// Those of `shards` that are what their names say, and why the others are not.
    func verified(
        _ shards: [ArrivedShard]
    ) async throws -> (sound: [ArrivedShard], refused: [Digest: DataSyncError]) {
        let verdicts = try await inParallel(shards, weight: { $0.list.size }) { shard -> DataSyncError? in
            do {
                try Self.verify(shard)
                return nil
            } catch let error as DataSyncError { return error }
        }
        var refused: [Digest: DataSyncError] = [:]
        for (shard, verdict) in zip(shards, verdicts) { refused[shard.digest] = verdict }
        return (shards.filter { refused[$0.digest] == nil }, refused)
    }

    /// Stores shards whose bytes and lists are verified, durable when this returns.
    /// - Returns: those that are not stored, because a leaf that was to be here has gone.
    func keep(_ shards: [ArrivedShard]) async throws -> [Digest: DataSyncError] {
        var rest = shards
        var refused: [Digest: DataSyncError] = [:]
        for attempt in 0...Self.attempts where !rest.isEmpty {
            let written = try await write(rest, all: attempt == Self.attempts)
            let lost = try await land(written)
            rest = rest.filter { lost[$0.digest] != nil && $0.isWhole && attempt < Self.attempts }
            let again = Set(rest.map(\.digest))
            refused.merge(lost.filter { !again.contains($0.key) }) { first, _ in first }
        }
        return refused
    }

    /// Shards whose records are in the segments and not durable yet; it holds none of their bytes.
    struct Written: Sendable {
        fileprivate struct Shard: Sendable {
            let digest: Digest
            let isWhole: Bool
        }

        fileprivate let shards: [Shard]
        /// `nil` when all of them were here.
        fileprivate let pending: CommitLane.Pending?
    }

    /// Writes shards whose bytes and lists are verified; `land` makes them durable.
    /// - Parameter all: writes also leaves that are here.
    func write(_ shards: [ArrivedShard], all: Bool = false) async throws -> Written {
        let (new, leaves) = try await unknown(shards, all: all)
        guard !new.isEmpty else { return Written(shards: [], pending: nil) }
        let prepared =
            leaves.contains(where: \.isToBePacked)
            ? try await inParallel(leaves, weight: \.leaf.size) { $0.prepared() } : leaves.map { $0.prepared() }
        let named = new.map { ShardBatch.Shard(key: LeafKey($0.digest), list: $0.list) }
        let pending = try await appending.run { [appender, lane] in
            do { return lane.enqueue(named, try appender.append(prepared)) } catch {
                lane.abandon(appender.takeAbandoned())
                throw error
            }
        }
        return Written(shards: new.map { Written.Shard(digest: $0.digest, isWhole: $0.isWhole) }, pending: pending)
    }

    /// Makes durable what was written, with all else that waits for it.
    /// - Returns: those that are not stored, because a leaf that was to be here has gone, or another shard has the name.
    func land(_ written: Written) async throws -> [Digest: DataSyncError] {
        guard let pending = written.pending else { return [:] }
        let lost = Set(try await lane.commit(pending))
        trusted.add(pending.rows.map(\.position))
        guard !lost.isEmpty else { return [:] }
        var refused: [Digest: DataSyncError] = [:]
        for shard in written.shards where lost.contains(LeafKey(shard.digest)) {
            refused[shard.digest] = Self.gone(shard.digest, isWhole: shard.isWhole)
        }
        return refused
    }

    /// A leaf that may have to be written.
    private struct Candidate: Sendable {
        let leaf: Leaf
        let content: ArrivedShard.Content
        let elementBytes: Int

        /// Whether there is work to do on it.
        var isToBePacked: Bool { if case .raw = content { true } else { false } }

        func prepared() -> PreparedLeaf {
            switch content {
            case .encoded(let encoding, let payload):
                PreparedLeaf(leaf: leaf, encoding: encoding, payload: payload)
            case .raw(let bytes):
                packed(bytes)
            case .present: preconditionFailure("a leaf that is present is not written")
            }
        }

        private func packed(_ bytes: ShardBytes) -> PreparedLeaf {
            guard bytes.withUnsafeBytes({ LeafSample.isWorthPacking($0, elementBytes: elementBytes) }) else {
                return PreparedLeaf(leaf: leaf, encoding: .raw, payload: bytes)
            }
            let buffer = ShardBuffer(capacity: bytes.count)
            let made = bytes.withUnsafeBytes {
                LeafCodec.encode($0, elementBytes: elementBytes, level: .fast, into: buffer.memory)
            }
            guard let (encoding, count) = made else { return PreparedLeaf(leaf: leaf, encoding: .raw, payload: bytes) }
            return PreparedLeaf(
                leaf: leaf, encoding: encoding, payload: ShardBytes(buffer: buffer, range: 0..<count))
        }
    }

    /// The shards that are not here yet, and of their leaves those that must be written, each once.
    ///
    /// Of many leaves some are looked up, and the others only if one of those is here: a leaf that is written although it is
    /// here costs its space until it is freed, and nothing else.
    /// - Parameter all: writes also leaves that are here.
    private func unknown(_ shards: [ArrivedShard], all: Bool) async throws -> ([ArrivedShard], [Candidate]) {
        try await database.read { connection in
            let index = ShardIndex(connection: connection)
            var seen: Set<Digest> = []
            var looked: Set<LeafKey> = []
            var new: [ArrivedShard] = []
            var candidates: [Candidate] = []
            for shard in shards where seen.insert(shard.digest).inserted {
                if try index.list(LeafKey(shard.digest)) == shard.list { continue }
                new.append(shard)
                for (leaf, content) in zip(shard.list.leaves, shard.contents) {
                    if case .present = content { continue }
                    guard looked.insert(leaf.key).inserted else { continue }
                    candidates.append(Candidate(leaf: leaf, content: content, elementBytes: shard.elementBytes))
                }
            }
            func isHere(_ place: Int) throws -> Bool { try index.leaf(candidates[place].leaf.key) != nil }
            let step = candidates.count < Self.sampled ? 1 : Self.sampling
            let sample = stride(from: 0, to: candidates.count, by: step)
            if try !all && sample.contains(where: isHere) {
                candidates = try candidates.filter { try index.leaf($0.leaf.key) == nil }
            }
            return (new, candidates)
        }
    }

    // MARK: Checks

    private static func check(_ shard: NewShard) throws(DataSyncError) {
        guard (1...LeafList.maximumLeaves).contains(shard.leafSizes.count),
            shard.leafSizes.allSatisfy({ (1...Leaf.maximumBytes).contains($0) }),
            shard.leafSizes.reduce(0, +) == shard.bytes.count
        else {
            throw DataSyncError(
                .invalidRequest,
                "a shard of \(shard.bytes.count) bytes is cut into \(shard.leafSizes.count) leaves of "
                    + "\(shard.leafSizes.reduce(0, +)) bytes; cut it into 1 to \(LeafList.maximumLeaves), of 1 to "
                    + "\(Leaf.maximumBytes) bytes each")
        }
    }

    private static func list(_ shard: NewShard) throws(DataSyncError) -> LeafList {
        let keys = shard.bytes.withUnsafeBytes { bytes in
            var start = 0
            return SHA256.keys(
                of: shard.leafSizes.map { size in
                    defer { start += size }
                    return UnsafeRawBufferPointer(rebasing: bytes[start..<start + size])
                })
        }
        guard let list = LeafList(zip(keys, shard.leafSizes).map { Leaf(key: $0, size: $1) }) else {
            throw DataSyncError(.invalidRequest, "a shard of \(keys.count) leaves")
        }
        return list
    }

    /// Checks the list against the shard's name and whatever came against the list.
    private static func verify(_ shard: ArrivedShard) throws(DataSyncError) {
        guard shard.list.digest == shard.digest else { throw damaged(shard, "its leaves' list is another one") }
        guard shard.contents.count == shard.list.leaves.count else {
            throw damaged(shard, "\(shard.contents.count) leaves came of \(shard.list.leaves.count)")
        }
        var sizes: [LeafKey: Int] = [:]
        for (index, leaf) in shard.list.leaves.enumerated() {
            guard sizes.updateValue(leaf.size, forKey: leaf.key) ?? leaf.size == leaf.size else {
                throw damaged(shard, "its leaf \(index) has two sizes")
            }
        }
        let leaves = shard.list.leaves
        let unpacked = ShardBuffer(
            capacity: zip(leaves, shard.contents).reduce(0) { $0 + ($1.1.isPacked ? $1.0.size : 0) })
        var start = 0
        var came: [(index: Int, bytes: UnsafeRawBufferPointer)] = []
        for (index, (leaf, content)) in zip(leaves, shard.contents).enumerated() {
            switch content {
            case .present: continue
            case .raw(let bytes), .encoded(.raw, let bytes):
                guard bytes.count == leaf.size else {
                    throw damaged(shard, "its leaf \(index) has \(bytes.count) bytes, not \(leaf.size)")
                }
                came.append((index, bytes.buffer.bytes(bytes.range)))
            case .encoded(let encoding, let payload):
                guard payload.count <= leaf.size else {
                    throw damaged(shard, "its leaf \(index) is larger packed than raw")
                }
                let raw = UnsafeMutableRawBufferPointer(rebasing: unpacked.memory[start..<start + leaf.size])
                do { try LeafCodec.decode(payload.buffer.bytes(payload.range), encoding, into: raw) } catch {
                    throw damaged(shard, "its leaf \(index): \(error.message)")
                }
                came.append((index, UnsafeRawBufferPointer(raw)))
                start += leaf.size
            }
        }
        let found = withExtendedLifetime((shard, unpacked)) { SHA256.keys(of: came.map(\.bytes)) }
        for ((index, _), key) in zip(came, found) where key != leaves[index].key {
            throw damaged(shard, "its leaf \(index) hashes to \(key)")
        }
    }

    private static func damaged(_ shard: ArrivedShard, _ detail: String) -> DataSyncError {
        DataSyncError(.corruptShard, "shard \(shard.digest) arrived damaged: \(detail)", isRetriable: true)
    }

    private static func gone(_ shard: Digest, isWhole: Bool) -> DataSyncError {
        guard !isWhole else {
            return DataSyncError(
                .corruptShard,
                "shard \(shard) cannot be stored: another one here has its name, with other leaves")
        }
        return DataSyncError(
            .missing, "a leaf of shard \(shard) was removed while the shard arrived; ask for all of its leaves",
            isRetriable: true)
    }

    /// Runs `body` for each element on the workers, about as many bytes on each, and keeps the order.
    func inParallel<Element: Sendable, Output: Sendable>(
        _ elements: [Element], weight: (Element) -> Int, _ body: @escaping @Sendable (Element) throws -> Output
    ) async throws -> [Output] {
        try await inParallelParts(elements, weight: weight) { try $0.map(body) }
    }

    /// Runs `body` for parts of the elements on the workers, about as many bytes in each, and keeps the order.
    func inParallelParts<Element: Sendable, Output: Sendable>(
        _ elements: [Element], weight: (Element) -> Int,
        _ body: @escaping @Sendable (ArraySlice<Element>) throws -> [Output]
    ) async throws -> [Output] {
        let total = elements.reduce(0) { $0 + weight($1) }
        let share = max(128 << 10, (total + workers.count - 1) / workers.count)
        var parts: [ArraySlice<Element>] = []
        var start = elements.startIndex
        var sum = 0
        for index in elements.indices {
            sum += weight(elements[index])
            guard sum >= share else { continue }
            parts.append(elements[start...index])
            (start, sum) = (index + 1, 0)
        }
        if start < elements.endIndex { parts.append(elements[start...]) }
        guard parts.count > 1 else {
            return try await workers.run { try body(elements[...]) }
        }
        return try await withThrowingTaskGroup(of: (Int, [Output]).self) { group in
            for (index, part) in parts.enumerated() {
                group.addTask { [workers] in (index, try await workers.run { try body(part) }) }
            }
            var outputs = [[Output]](repeating: [], count: parts.count)
            for try await (index, output) in group { outputs[index] = output }
            return outputs.flatMap { $0 }
        }
    }
}

extension ArrivedShard.Content {
    /// Whether it is to be unpacked to be seen.
    fileprivate var isPacked: Bool {
        switch self {
        case .present, .raw, .encoded(.raw, _): false
        case .encoded: true
        }
    }
}

extension ArrivedShard {
    /// Whether all of its bytes are at hand.
    fileprivate var isWhole: Bool {
        contents.allSatisfy { if case .present = $0 { false } else { true } }
    }
}
