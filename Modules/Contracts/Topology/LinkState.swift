public import Core

/// One direction of the way between two clouds, as it was last measured.
public struct LinkState: Codable, Sendable, Hashable {
    /// `core` or an edge's name: where bytes leave.
    public var from: PeerID
    /// Where they arrive.
    public var to: PeerID
    /// Median of the round trip, in seconds.
    public var roundTripSeconds: Double?
    /// Spread of the round trip, in seconds.
    public var jitterSeconds: Double?
    /// What one transfer gets in this direction, in bytes per second.
    public var bytesPerSecond: Double?
    /// When that was last measured: transfers are rarer than round trips.
    public var bandwidthMeasured: Timestamp?
    /// Share of probes that were not answered, 0 to 1.
    public var loss: Double?
    /// What an operator says that a gigabyte costs, in any one currency.
    public var costPerGigabyte: Double?
    /// When anything of this was last measured.
    public var measured: Timestamp?
    /// Whether that is too long ago to rely on.
    public var isStale: Bool

    public init(
        from: PeerID, to: PeerID, roundTripSeconds: Double? = nil, jitterSeconds: Double? = nil,
        bytesPerSecond: Double? = nil, loss: Double? = nil, costPerGigabyte: Double? = nil,
        measured: Timestamp? = nil, isStale: Bool = false, bandwidthMeasured: Timestamp? = nil
    ) {
        self.bandwidthMeasured = bandwidthMeasured
        self.from = from
        self.to = to
        self.roundTripSeconds = roundTripSeconds
        self.jitterSeconds = jitterSeconds
        self.bytesPerSecond = bytesPerSecond
        self.loss = loss
        self.costPerGigabyte = costPerGigabyte
        self.measured = measured
        self.isStale = isStale
    }
}
