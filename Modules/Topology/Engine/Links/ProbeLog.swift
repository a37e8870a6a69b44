import Contracts

/// How an edge's calls to the core went, until the core has heard of it.
struct ProbeLog: Sendable {
    private var roundTrips: [Double] = []
    private var unanswered = 0

    /// What to tell with the next heartbeat; `nil` for nothing.
    var report: ProbeReport? {
        roundTrips.isEmpty && unanswered == 0 ? nil : ProbeReport(roundTrips: roundTrips, unanswered: unanswered)
    }

    /// The core heard of what there was, and the call that told it took so long.
    mutating func answered(after seconds: Double) {
        roundTrips = [seconds]
        unanswered = 0
    }

    /// The call was not answered: what it told may not have arrived and is told again.
    mutating func lost() { unanswered = min(unanswered + 1, ProbeReport.maximumCount) }
}
