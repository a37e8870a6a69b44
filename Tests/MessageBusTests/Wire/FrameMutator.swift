import Contracts
import Core
import MessageBus

/// Makes messages that a hostile peer might send: mostly well-formed ones with a few things wrong.
///
/// It knows the structure of a head, so that mutants get past the first checks: it sets a field to a value at a border,
/// flips a bit, cuts, extends or splices heads, and leaves some messages as they are. Same seed, same sequence.
struct FrameMutator {
    private var generator: SplitMix64
    private let limits: FrameLimits
    /// Offset and width of every field of the header.
    private static let fields: [(offset: Int, width: Int)] = [
        (0, 4), (4, 1), (5, 1), (6, 1), (7, 1), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8), (48, 16), (64, 16), (80, 2),
        (82, 2), (84, 4),
    ]

    init(seed: UInt64, limits: FrameLimits) {
        generator = SplitMix64(seed: seed)
        self.limits = limits
    }

    /// The next message: its head, the sizes of its attachments, and the lane of the socket it comes by.
    mutating func next() -> (head: [UInt8], attachmentSizes: [Int], lane: Lane) {
        let lane = Lane.allCases[below(Lane.allCases.count)]
        var (head, count) = wellFormed(on: lane)
        for _ in 0..<below(4) { mutate(&head) }
        var sizes = (0..<count).map { _ in below(8) == 0 ? 1 << below(40) : below(64) }
        if below(8) == 0 { sizes.append(below(10)) }
        if below(8) == 0, !sizes.isEmpty { sizes.removeLast() }
        return (head, sizes, lane)
    }

    /// A head whose fields fit its kind, or nearly, with the number of attachments it announces.
    private mutating func wellFormed(on lane: Lane) -> (head: [UInt8], attachments: Int) {
        let kind = FrameKind.allCases[below(FrameKind.allCases.count)]
        let asks = kind == .request || kind == .streamOpen
        let carries = asks || [.reply, .event, .streamItem].contains(kind)
        let subject =
            asks || kind == .event ? Array(["a.b", "topology.site-changed", "no", "x.y.Z"][below(4)].utf8) : []
        let isBodyless = [.streamCredit, .streamEnd, .cancel, .heartbeat].contains(kind)
        let body = isBodyless ? [] : (0..<(1 + below(40))).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        let attachments = carries ? below(4) : 0
        let header = FrameHeader(
            kind: kind, lane: lane, flags: FrameFlags(rawValue: below(6) == 0 ? UInt8(below(4)) : 0),
            session: generator.next(), sequence: generator.next(),
            correlation: [.event, .hello, .welcome, .heartbeat, .goodbye].contains(kind) ? 0 : generator.next(),
            timeoutMilliseconds: asks ? UInt64(below(100_000)) : 0,
            argument: [.streamOpen, .streamItem, .streamCredit, .streamEnd].contains(kind)
                ? UInt64(1 + below(1000)) : 0,
            trace: TraceID(high: generator.next(), low: generator.next()),
            key: asks && below(2) == 0 ? .random(using: &generator) : nil, subjectLength: UInt16(subject.count),
            attachmentCount: UInt16(attachments), bodyLength: UInt32(body.count))
        var head = [UInt8](repeating: 0, count: header.headLength)
        head.withUnsafeMutableBytes { head in
            subject.withUnsafeBytes { subject in
                body.withUnsafeBytes { header.encode(into: head, subject: subject, body: $0) }
            }
        }
        return (head, attachments)
    }

    private mutating func mutate(_ head: inout [UInt8]) {
        switch below(7) {
        case 0 where !head.isEmpty: head[below(head.count)] ^= 1 << UInt8(below(8))
        case 1:
            let field = Self.fields[below(Self.fields.count)]
            guard field.offset + field.width <= head.count else { return }
            let value = border()
            for index in 0..<field.width {
                head[field.offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (index % 8)))
            }
        case 2: head.removeLast(min(head.count, below(100)))
        case 3: head += (0..<below(100)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        case 4:
            let (other, _) = wellFormed(on: Lane.allCases[below(Lane.allCases.count)])
            head = Array(head.prefix(below(head.count + 1))) + other.suffix(below(other.count + 1))
        case 5 where head.count >= 88:
            // Lengths that agree with the message, in the wrong proportion.
            let rest = head.count - 88
            let subject = below(rest + 1)
            head[80] = UInt8(truncatingIfNeeded: subject)
            head[81] = UInt8(truncatingIfNeeded: subject >> 8)
            for index in 0..<4 { head[84 + index] = UInt8(truncatingIfNeeded: (rest - subject) >> (8 * index)) }
        default: head = (0..<below(200)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
    }

    /// A number at which arithmetic or a limit tips over.
    private mutating func border() -> UInt64 {
        let limit = UInt64(limits.control.bodyBytes)
        let powers: [UInt64] = [0, 1, 8, 16, 31, 32, 48, 63].map { 1 << $0 }
        let centres = powers + [0, .max, limit, FrameHeader.maximumTimeoutMilliseconds, 128, 88, generator.next()]
        return centres[below(centres.count)] &+ UInt64(below(3)) &- 1
    }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
}
