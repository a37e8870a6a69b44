public import Core

/// How the core hears of an edge's load, and what it thinks of it.
public struct ReportingState: Codable, Sendable, Hashable {
    /// When the load that is shown was measured, by the core's clock.
    public var measured: Timestamp
    /// Set when reports have been missing for too long to rely on the load: when the last one came that the core believed.
    public var staleSince: Timestamp?
    /// How far the edge's clock is ahead of the core's, in seconds, when that is more than a tolerance; negative behind it.
    public var clockSkewSeconds: Double?
    /// Reports that were taken since the edge joined.
    public var taken: Int
    /// Those that had come before.
    public var duplicates: Int
    /// Those that came after a newer one.
    public var late: Int
    /// Those that build on one that the core does not have.
    public var baseless: Int
    /// Those that say what cannot be.
    public var refused: Int
    /// What the last of these said.
    public var lastRefusal: String?

    public init(
        measured: Timestamp, staleSince: Timestamp? = nil, clockSkewSeconds: Double? = nil, taken: Int = 0,
        duplicates: Int = 0, late: Int = 0, baseless: Int = 0, refused: Int = 0, lastRefusal: String? = nil
    ) {
        self.measured = measured
        self.staleSince = staleSince
        self.clockSkewSeconds = clockSkewSeconds
        self.taken = taken
        self.duplicates = duplicates
        self.late = late
        self.baseless = baseless
        self.refused = refused
        self.lastRefusal = lastRefusal
    }
}

/// The core's own machine.
public struct CoreState: Codable, Sendable, Hashable {
    public var hardware: Hardware
    public var load: LoadReport
    public var measured: Timestamp

    public init(hardware: Hardware, load: LoadReport, measured: Timestamp) {
        self.hardware = hardware
        self.load = load
        self.measured = measured
    }
}
