public import Contracts
public import Core

/// The fixed binary start of every message: who it belongs to, what it asks, and how long everything after it is.
///
/// A message is one or more ZeroMQ parts: the head, which is `header ‖ subject ‖ body`, and one part for each
/// attachment. All numbers are little-endian. `docs/wire-format.md` has the offsets and golden vectors.
public struct FrameHeader: Sendable, Hashable {
    /// Bytes of an encoded header.
    public static let byteCount = 88
    /// `GEDG`, as a little-endian number.
    static let magic: UInt32 = 0x4744_4547
    /// The only version of the format there is.
    public static let version: UInt8 = 1
    /// The longest timeout, 366 days: far enough, and safe to add to any clock.
    public static let maximumTimeoutMilliseconds: UInt64 = 366 * 86_400_000
    /// The largest argument, 2^48: sums of credits stay far from overflow.
    public static let maximumArgument: UInt64 = 1 << 48

    public var kind: FrameKind
    public var lane: Lane
    public var flags: FrameFlags
    /// The session: a number that the connecting side chose, that grows with each of its starts and reconnects, and that
    /// both sides write into every frame, so that frames of an old session are known.
    public var session: UInt64
    /// Counts the frames of the session on this lane; one that comes again is a replay.
    public var sequence: UInt64
    /// Ties answers to their question; chosen by the asker, unique in its session. 0 for none.
    public var correlation: UInt64
    /// How long from now the asker waits, in milliseconds; 0 for no limit.
    public var timeoutMilliseconds: UInt64
    /// Credit in bytes, an item's number or the count of items, by kind.
    public var argument: UInt64
    public var trace: TraceID
    /// Names the effect of a question that may be repeated.
    public var key: IdempotencyKey?
    public var subjectLength: UInt16
    public var attachmentCount: UInt16
    public var bodyLength: UInt32

    public init(
        kind: FrameKind, lane: Lane, flags: FrameFlags = [], session: UInt64 = 0, sequence: UInt64 = 0,
        correlation: UInt64 = 0, timeoutMilliseconds: UInt64 = 0, argument: UInt64 = 0, trace: TraceID = .none,
        key: IdempotencyKey? = nil, subjectLength: UInt16 = 0, attachmentCount: UInt16 = 0, bodyLength: UInt32 = 0
    ) {
        self.kind = kind
        self.lane = lane
        self.flags = flags
        self.session = session
        self.sequence = sequence
        self.correlation = correlation
        self.timeoutMilliseconds = timeoutMilliseconds
        self.argument = argument
        self.trace = trace
        self.key = key
        self.subjectLength = subjectLength
        self.attachmentCount = attachmentCount
        self.bodyLength = bodyLength
    }

    /// Bytes of the whole head: header, subject and body.
    public var headLength: Int { Self.byteCount + Int(subjectLength) + Int(bodyLength) }
}
