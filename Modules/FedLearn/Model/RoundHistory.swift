import Contracts

/// A job's committed rounds as far as they are kept in memory: the newest, and sums over all. The others are in the database.
struct RoundHistory: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// The most rounds kept.
    static let maximumRounds = 20
    /// The most contributions and absences that the kept rounds have together; the newest round is kept whatever it has.
    static let maximumEdges = 4000

    /// Committed rounds, those that are not kept among them.
    private(set) var count: Int
    private(set) var totals: RoundTotals
    /// The newest rounds, oldest first.
    private(set) var newest: [RoundSummary] = []

    /// - Parameters:
    ///   - count: rounds that are committed, `newest` among them.
    ///   - totals: over all of them.
    init(count: Int, totals: RoundTotals, newest: [RoundSummary]) {
        self.count = count
        self.totals = totals
        self.newest = newest
        trim()
    }

    init(arrayLiteral rounds: RoundSummary...) {
        self.init(count: 0, totals: RoundTotals(), newest: [])
        for round in rounds { append(round) }
    }

    var last: RoundSummary? { newest.last }

    mutating func append(_ round: RoundSummary) {
        count += 1
        totals.add(round)
        newest.append(round)
        trim()
    }

    private mutating func trim() {
        var kept = 0
        var edges = 0
        for round in newest.reversed() {
            edges += round.contributors.count + round.absent.count
            if kept == Self.maximumRounds || (kept > 0 && edges > Self.maximumEdges) { break }
            kept += 1
        }
        if kept < newest.count { newest.removeFirst(newest.count - kept) }
    }
}
