/// What an operator says of the way between an edge and the core.
public struct LinkReport: Codable, Sendable, Hashable {
    /// What a gigabyte costs, in any one currency; 0 or more.
    public var costPerGigabyte: Double?

    public init(costPerGigabyte: Double? = nil) { self.costPerGigabyte = costPerGigabyte }
}

/// How the calls that an edge makes anyway went, as it tells the core with its next heartbeat.
public struct ProbeReport: Codable, Sendable, Hashable {
    /// The most round trips of one report.
    public static let maximumCount = 16

    /// Seconds from asking to the answer, oldest first.
    public var roundTrips: [Double]
    /// Calls that were not answered.
    public var unanswered: Int

    public init(roundTrips: [Double], unanswered: Int) {
        self.roundTrips = roundTrips
        self.unanswered = unanswered
    }
}
