import Contracts
import Core

/// Turns portions of shards into the parts and the bytes of an item: as they are stored, packed anew, or as differences,
/// whichever the link is best served by. What each way costs and saves is learnt as it is used.
struct PortionEncoder {
    struct Encoded {
        var parts: [PullPart] = []
        /// End to end what the parts say.
        var payloads: [ShardBytes] = []
        var deltaSaved = 0
    }

    /// Message parts of one item: beyond it the bytes are copied together.
    private static let maximumAttachments = 8
    /// How fast measurements fade.
    private static let weight = 0.25
    /// A sender that waits less than this for room is what holds the link up, not the link.
    private static let waitShare = 0.2

    /// What is encoded, and for whom.
    struct Source: Sendable {
        let service: DataSyncService
        let served: DataSyncService.Served
        /// Shards of the base, when differences may be sent.
        let base: [ShardSpec]?
        /// As in `PullRequest`.
        let codec: String
        let bytesPerSecond: Double?
        /// Whether the asker found damaged what it got the last time.
        var isDoubted = false
    }

    private let source: Source
    private let store: ShardStore
    private let isFloat: Bool
    private var measures: [CodecChoice.Method: CodecChoice.Measure]
    private var working = 0.0
    private var waiting = 0.0
    private var started = ContinuousClock.now

    init(_ source: Source) {
        self.source = source
        store = source.service.shards
        isFloat = !source.served.manifest.tensors.isEmpty
        measures = Self.believed(
            // The rules of this side come before the asker's wish.
            source.served.terms.codec == .automatic
                ? TransferCodec(rawValue: source.codec) ?? .none : source.served.terms.codec,
            hasBase: source.base != nil)
    }

    /// The ways there are, and what is believed of them until they are tried.
    private static func believed(_ codec: TransferCodec, hasBase: Bool) -> [CodecChoice.Method: CodecChoice.Measure] {
        let all: [CodecChoice.Method: CodecChoice.Measure] = [
            .stored: .init(ratio: 1), .small: .init(encode: 500e6, decode: 1.5e9, ratio: 0.85),
            .delta: .init(encode: 2e9, decode: 2e9, ratio: 0.6),
            .smallDelta: .init(encode: 800e6, decode: 1.5e9, ratio: 0.5),
        ]
        // Stored leaves are packed by LZ4 where that pays.
        let methods: [CodecChoice.Method] =
            switch codec {
            case .none: [.stored]
            case .lz4: hasBase ? [.delta] : [.stored]
            case .zstd: hasBase ? [.smallDelta] : [.small]
            case .automatic: hasBase ? [.stored, .small, .delta, .smallDelta] : [.stored, .small]
            }
        return all.filter { methods.contains($0.key) }
    }

    mutating func noteWait(_ time: Duration) {
        waiting = waiting * (1 - Self.weight) + (time / .seconds(1)) * Self.weight
    }

    /// What the link is taken to carry: unknown is unknown, but one that never holds up a sender is fast.
    private var bytesPerSecond: Double? {
        guard let measured = source.bytesPerSecond else { return nil }
        return working > 0 && waiting < Self.waitShare * (waiting + working) ? .infinity : measured
    }

    mutating func encode(_ portions: [ShardSender.Portion]) async throws -> Encoded {
        started = .now
        var encoded = Encoded()
        for portion in portions {
            let method = CodecChoice.best(of: measures, bytesPerSecond: bytesPerSecond).method
            switch method {
            case .stored: try await addStored(portion, to: &encoded)
            case .small: try await addSmall(portion, to: &encoded)
            case .delta, .smallDelta: try await addDifference(portion, method, to: &encoded)
            }
        }
        if encoded.payloads.count > Self.maximumAttachments { encoded.payloads = [Self.joined(encoded.payloads)] }
        working = working * (1 - Self.weight) + (started.duration(to: .now) / .seconds(1)) * Self.weight
        return encoded
    }

    private mutating func note(_ method: CodecChoice.Method, raw: Int, bytes: Int, since start: ContinuousClock.Instant)
    {
        guard var measure = measures[method], raw > 0 else { return }
        let rate = Double(raw) / max(1e-6, start.duration(to: .now) / .seconds(1))
        measure.encode += (rate - measure.encode) * Self.weight
        measure.ratio += (Double(bytes) / Double(raw) - measure.ratio) * Self.weight
        measures[method] = measure
    }

    // MARK: As it is stored

    private func stored(_ portion: ShardSender.Portion) async throws -> [StoredLeaf] {
        let digest = source.served.manifest.shards[portion.index].digest
        // Whoever receives it hashes it; only one who got something else must be believed.
        let check: LeafCheck = source.isDoubted ? .always : .never
        let leaves = portion.leaves.count == portion.list.leaves.count ? nil : portion.leaves
        return try await source.service.noticingDamage {
            try await store.stored(digest, leaves: leaves, check: check, at: portion.place)
        }
    }

    private mutating func addStored(_ portion: ShardSender.Portion, to encoded: inout Encoded) async throws {
        let leaves = try await stored(portion)
        Self.add(leaves.map { ($0.encoding, $0.payload) }, of: portion, to: &encoded)
        let bytes = leaves.reduce(0) { $0 + $1.payload.count }
        if var measure = measures[.stored] {
            measure.ratio += (Double(bytes) / Double(portion.bytes) - measure.ratio) * Self.weight
            measures[.stored] = measure
        }
    }

    private static func add(
        _ leaves: [(LeafEncoding, ShardBytes)], of portion: ShardSender.Portion, to encoded: inout Encoded
    ) {
        var packed: [Int] = []
        for (encoding, payload) in leaves {
            var skip = 0
            if let last = encoded.payloads.last, let joined = last.joined(with: payload, skip: &skip) {
                encoded.payloads[encoded.payloads.count - 1] = joined
            } else {
                encoded.payloads.append(payload)
            }
            packed.append(PackedLeaf(skip: skip, encoding: encoding, bytes: payload.count).packed)
        }
        encoded.parts.append(PullPart(shard: portion.index, leaves: packed))
    }

    // MARK: Packed anew

    private mutating func addSmall(_ portion: ShardSender.Portion, to encoded: inout Encoded) async throws {
        let start = ContinuousClock.now
        let leaves = try await stored(portion)
        let elementBytes = isFloat ? 4 : 1
        let packed = try await store.inParallel(leaves, weight: \.leaf.size) { leaf -> (LeafEncoding, ShardBytes) in
            guard leaf.encoding != .zstd, leaf.encoding != .shuffledZstd else { return (leaf.encoding, leaf.payload) }
            let raw = ShardBuffer(capacity: leaf.leaf.size)
            try leaf.payload.withUnsafeBytes { try LeafCodec.decode($0, leaf.encoding, into: raw.memory) }
            let small = ShardBuffer(capacity: leaf.leaf.size)
            let made = LeafCodec.encode(
                UnsafeRawBufferPointer(raw.memory), elementBytes: elementBytes, level: .small, into: small.memory)
            guard let made, made.count < leaf.payload.count else { return (leaf.encoding, leaf.payload) }
            return (made.encoding, ShardBytes(buffer: small, range: 0..<made.count))
        }
        Self.add(packed, of: portion, to: &encoded)
        note(.small, raw: portion.bytes, bytes: packed.reduce(0) { $0 + $1.1.count }, since: start)
    }

    // MARK: Differences

    private mutating func addDifference(
        _ portion: ShardSender.Portion, _ method: CodecChoice.Method, to encoded: inout Encoded
    ) async throws {
        let start = ContinuousClock.now
        let raw = portion.bytes
        let entropy: Entropy = method == .delta ? .lz4 : .zstd
        guard let base = source.base?[portion.index], base.digest != source.served.manifest.shards[portion.index].digest
        else { return try await addStored(portion, to: &encoded) }
        let digest = source.served.manifest.shards[portion.index].digest
        // No more than goes into the item is read: of the rest no budget would know.
        let new = try await read(digest, portion.leaves, at: portion.place)
        let old: ShardBytes
        do {
            let place = try await store.located([base.digest])[base.digest]
            if let place, !place.list.isCutLike(portion.list) { return try await addStored(portion, to: &encoded) }
            old = try await read(base.digest, portion.leaves, at: place)
        } catch is DataSyncError {
            measures[.delta] = nil
            measures[.smallDelta] = nil
            return try await addStored(portion, to: &encoded)
        }
        let difference = try await store.workers.run {
            LeafDifference.encode(new: new, base: old, entropy: entropy, limit: raw - raw / 32)
        }
        note(method, raw: raw, bytes: difference?.count ?? raw, since: start)
        guard let difference else { return try await addStored(portion, to: &encoded) }
        encoded.payloads.append(difference)
        encoded.parts.append(
            PullPart(
                shard: portion.index,
                difference: PullDifference(
                    leaves: portion.leaves.count, bytes: difference.count, entropy: entropy.rawValue)))
        encoded.deltaSaved += raw - difference.count
    }

    private func read(_ shard: Digest, _ leaves: [Int], at place: ShardStore.Located?) async throws -> ShardBytes {
        try await source.service.noticingDamage { try await store.raw(shard, leaves: leaves, at: place) }
    }

    private static func joined(_ payloads: [ShardBytes]) -> ShardBytes {
        let count = payloads.reduce(0) { $0 + $1.count }
        let buffer = ShardBuffer(capacity: count)
        var position = 0
        for payload in payloads {
            payload.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer.memory[position..<position + $0.count]).copyMemory(
                    from: $0)
            }
            position += payload.count
        }
        return ShardBytes(buffer: buffer, range: 0..<count)
    }
}

extension ShardBytes {
    /// This and `next` as one stretch of the same memory, if they lie so, but for a few bytes between.
    fileprivate func joined(with next: ShardBytes, skip: inout Int) -> ShardBytes? {
        let gap = next.range.lowerBound - range.upperBound
        guard buffer === next.buffer, (0...PackedLeaf.maximumSkip).contains(gap) else { return nil }
        skip = gap
        return ShardBytes(buffer: buffer, range: range.lowerBound..<next.range.upperBound)
    }
}
