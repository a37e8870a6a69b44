public import Core

extension TopologyContract {
    /// Operator to core: measure the link to an edge, now, with traffic made for it; the items say how far it is.
    public static let netTest = StreamCall<NetTestRequest, NetTestEvent>(
        "topology.net-test", lane: .control, audience: .operators)
    /// Core to edge: answer at once.
    public static let netEcho = Call<Empty, Empty>("topology.net-echo", audience: .core)
    /// Core to edge: take the attachments and say how many bytes they had.
    public static func netSink(_ lane: Lane) -> Call<Empty, NetSinkReply> {
        Call("topology.net-sink.\(lane)", lane: lane, audience: .core)
    }
    /// Core to edge: send so many bytes as attachments.
    public static func netSource(_ lane: Lane) -> StreamCall<NetSourceRequest, Empty> {
        StreamCall("topology.net-source.\(lane)", lane: lane, audience: .core)
    }
}

public struct NetTestRequest: Codable, Sendable, Hashable {
    public var edge: Name
    /// Round trips to measure, one after the other; 0 for none.
    public var roundTrips: Int
    /// Bytes of one transfer, for each throughput to measure.
    public var sizes: [Int]
    /// Transfers at the same time.
    public var flows: Int
    /// `model` or `bulk`: what the transfers travel as.
    public var lane: Lane
    /// The most bytes to send in all, both directions together.
    public var byteLimit: Int

    public init(edge: Name, roundTrips: Int, sizes: [Int], flows: Int, lane: Lane, byteLimit: Int) {
        self.edge = edge
        self.roundTrips = roundTrips
        self.sizes = sizes
        self.flows = flows
        self.lane = lane
        self.byteLimit = byteLimit
    }
}

/// One item of a test: where it is, or a result.
public struct NetTestEvent: Codable, Sendable, Hashable {
    public var progress: Progress?
    public var latency: NetTestLatency?
    public var throughput: NetTestThroughput?

    public struct Progress: Codable, Sendable, Hashable {
        /// What is measured now, in words.
        public var step: String
        /// Steps that are done, of all.
        public var done: Int
        public var total: Int

        public init(step: String, done: Int, total: Int) {
            self.step = step
            self.done = done
            self.total = total
        }
    }

    public init(
        progress: Progress? = nil, latency: NetTestLatency? = nil, throughput: NetTestThroughput? = nil
    ) {
        self.progress = progress
        self.latency = latency
        self.throughput = throughput
    }
}

/// Round trips of small messages on the control lane, in seconds.
public struct NetTestLatency: Codable, Sendable, Hashable {
    /// Messages that were sent, and of them those that were not answered in time.
    public var sent: Int
    public var lost: Int
    /// Absent when none was answered.
    public var minimum: Double?
    public var median: Double?
    public var percentile90: Double?
    public var percentile99: Double?
    public var maximum: Double?
    /// Mean difference between one round trip and the next.
    public var jitter: Double?

    public init(sent: Int, lost: Int) {
        self.sent = sent
        self.lost = lost
    }
}

/// What transfers of one size got in one direction.
public struct NetTestThroughput: Codable, Sendable, Hashable {
    public var from: PeerID
    public var to: PeerID
    /// Bytes of one transfer.
    public var size: Int
    public var flows: Int
    /// How often it was measured; 0 when it was left out.
    public var repetitions: Int
    /// Seconds that the transfers took side by side, the median of the repetitions.
    public var seconds: Double?
    /// All flows together.
    public var bytesPerSecond: Double?
    /// Why it was left out.
    public var skipped: String?

    public init(
        from: PeerID, to: PeerID, size: Int, flows: Int, repetitions: Int = 0, seconds: Double? = nil,
        bytesPerSecond: Double? = nil, skipped: String? = nil
    ) {
        self.from = from
        self.to = to
        self.size = size
        self.flows = flows
        self.repetitions = repetitions
        self.seconds = seconds
        self.bytesPerSecond = bytesPerSecond
        self.skipped = skipped
    }
}

public struct NetSinkReply: Codable, Sendable, Hashable {
    /// Bytes that came.
    public var bytes: Int

    public init(bytes: Int) { self.bytes = bytes }
}

public struct NetSourceRequest: Codable, Sendable, Hashable {
    /// The most of one request, and of one item.
    public static let maximumBytes = 1 << 30
    public static let maximumItemBytes = 1 << 20

    public var bytes: Int
    public var itemBytes: Int

    public init(bytes: Int, itemBytes: Int) {
        self.bytes = bytes
        self.itemBytes = itemBytes
    }
}
