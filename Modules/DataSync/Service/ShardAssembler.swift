import Contracts
import MessageBus

/// Puts the shards of one stream together from its items. Nothing that a source says is believed but what was asked for: an
/// item can only name shards that were and did not come yet, and at most one shard is unfinished at a time, so that memory
/// is bounded by the stream's window and one shard.
struct ShardAssembler {
    /// A shard that is wanted.
    struct Wanted: Sendable {
        /// Place in the manifest's shards.
        let index: Int
        let spec: ShardSpec
        let list: LeafList
        /// The leaves to ask for; the others are here.
        var selection: LeafSelection
        /// Whether its difference to the base may come.
        var hasBase = false

        var wantedBytes: Int { selection.indices.reduce(0) { $0 + list.leaves[$1].size } }
    }

    /// What came of some leaves.
    enum Piece: Sendable {
        case leaf(LeafEncoding, ShardBytes)
        /// Of the next so many wanted leaves.
        case difference(leaves: Int, Entropy, ShardBytes)
    }

    /// A shard of which everything came that was asked for.
    struct Arrived: Sendable {
        let wanted: Wanted
        let pieces: [Piece]
        /// Bytes on the bus.
        let bytes: Int

        var hasDifference: Bool { pieces.contains { if case .difference = $0 { true } else { false } } }
    }

    enum Event: Sendable {
        case shard(Arrived)
        case absent(Int)
    }

    private struct Unfinished {
        let wanted: Wanted
        var pieces: [Piece] = []
        var leaves = 0
        var bytes = 0
    }

    /// By place in the manifest.
    private(set) var expected: [Int: Wanted]
    private var unfinished: Unfinished?

    init(_ wanted: [Wanted]) {
        expected = Dictionary(wanted.map { ($0.index, $0) }) { first, _ in first }
    }

    /// Shards that did not come.
    var isComplete: Bool { expected.isEmpty && unfinished == nil }

    /// - Throws: `DataSyncError` `protocol-violation`.
    mutating func take(_ item: PullItem, _ attachments: [Attachment]) throws(DataSyncError) -> [Event] {
        var cursor = AttachmentCursor(attachments)
        var events: [Event] = []
        for part in item.parts {
            let isContinued = unfinished?.wanted.index == part.shard
            guard unfinished == nil || isContinued else {
                throw Self.violation("shard \(part.shard) before the one that it had begun was complete")
            }
            guard let wanted = unfinished?.wanted ?? expected.removeValue(forKey: part.shard) else {
                throw Self.violation("shard \(part.shard), which was not asked for or came before")
            }
            if part.isAbsent == true {
                guard !isContinued, part.leaves == nil, part.difference == nil else {
                    throw Self.violation("a shard that is there and is not")
                }
                events.append(.absent(part.shard))
                continue
            }
            var current = unfinished ?? Unfinished(wanted: wanted)
            try Self.take(part, into: &current, &cursor)
            if current.leaves == wanted.selection.indices.count {
                events.append(.shard(Arrived(wanted: wanted, pieces: current.pieces, bytes: current.bytes)))
                unfinished = nil
            } else {
                unfinished = current
            }
        }
        guard cursor.isAtEnd else { throw Self.violation("more bytes than it announced") }
        return events
    }

    private static func take(
        _ part: PullPart, into current: inout Unfinished, _ cursor: inout AttachmentCursor
    ) throws(DataSyncError) {
        let wanted = current.wanted
        let left = wanted.selection.indices.count - current.leaves
        if let difference = part.difference {
            let sizes = wanted.selection.indices.dropFirst(current.leaves).prefix(max(0, difference.leaves))
            let raw = sizes.reduce(0) { $0 + wanted.list.leaves[$1].size }
            guard part.leaves == nil, wanted.hasBase, (1...left).contains(difference.leaves),
                difference.bytes > 0, difference.bytes <= raw, let entropy = Entropy(rawValue: difference.entropy),
                let bytes = cursor.take(difference.bytes)
            else { throw violation("a difference of shard \(wanted.index) that cannot be one") }
            current.pieces.append(.difference(leaves: difference.leaves, entropy, bytes))
            current.leaves += difference.leaves
            current.bytes += difference.bytes
            return
        }
        guard let leaves = part.leaves, (1...left).contains(leaves.count) else {
            throw violation("\(part.leaves?.count ?? 0) leaves of shard \(wanted.index), of which \(left) are to come")
        }
        for number in leaves {
            let leaf = wanted.list.leaves[wanted.selection.indices[current.leaves]]
            guard let packed = PackedLeaf(number), packed.bytes <= leaf.size,
                packed.encoding != .raw || packed.bytes == leaf.size, cursor.skip(packed.skip),
                let bytes = cursor.take(packed.bytes)
            else { throw violation("a leaf of shard \(wanted.index) that does not fit its list") }
            current.pieces.append(.leaf(packed.encoding, bytes))
            current.leaves += 1
            current.bytes += packed.bytes + packed.skip
        }
    }

    private static func violation(_ what: String) -> DataSyncError {
        DataSyncError(.protocolViolation, "the source sent \(what)")
    }
}

/// Reads attachments as if they lay end to end; what is taken lies in one of them.
private struct AttachmentCursor {
    private let attachments: [ShardBytes]
    private var index = 0
    private var offset = 0

    init(_ attachments: [Attachment]) { self.attachments = attachments.map { ShardBytes($0) } }

    var isAtEnd: Bool {
        index == attachments.count || (index == attachments.count - 1 && offset == attachments[index].count)
    }

    mutating func skip(_ count: Int) -> Bool { count == 0 || take(count) != nil }

    mutating func take(_ count: Int) -> ShardBytes? {
        if index < attachments.count, offset == attachments[index].count { (index, offset) = (index + 1, 0) }
        guard index < attachments.count, count <= attachments[index].count - offset else { return nil }
        defer { offset += count }
        return attachments[index].slice(offset..<offset + count)
    }
}
