extension DataSyncContract {
    /// Announced by whoever received something: what the way to there carried. Of small transfers nothing is told.
    public static let transferred = Topic<TransferMeasure>("datasync.transferred")
}

/// What the way from another cloud to the one that says so carried during one transfer.
public struct TransferMeasure: Codable, Sendable, Hashable {
    /// Where the bytes came from.
    public var peer: PeerID
    /// Bytes on the bus after the first message.
    public var bytes: Int
    /// Seconds between the first message and the last.
    public var seconds: Double
    /// Whether one of the ends held it up (a limit on the rate, other work, a slow disk): the way may carry more.
    public var isLimited: Bool
    /// Seconds from asking to the first message, the shortest of late: at least a round trip.
    public var firstByteSeconds: Double?

    public init(peer: PeerID, bytes: Int, seconds: Double, isLimited: Bool, firstByteSeconds: Double? = nil) {
        self.peer = peer
        self.bytes = bytes
        self.seconds = seconds
        self.isLimited = isLimited
        self.firstByteSeconds = firstByteSeconds
    }
}
