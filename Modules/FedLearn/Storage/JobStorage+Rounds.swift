import Contracts
import Core
import Store

/// Which committed rounds are wanted, and in which order.
enum RoundRange: Sendable {
    /// Those after this one, oldest first.
    case after(Int)
    /// Those before this one, newest first.
    case before(Int)
}

extension JobStorage {
    /// Committed rounds of a job, as many as make one answer.
    /// - Parameters:
    ///   - limit: the most rounds.
    ///   - bytes: the most bytes of JSON they have together; the first round is there whatever it has.
    func rounds(
        of uid: String, _ range: RoundRange, limit: Int, bytes: Int = ResourcePage.maximumBytes
    ) async throws -> [RoundSummary] {
        try await database.read { try $0.rounds(of: uid, range, limit: limit, bytes: bytes) }
    }

    /// One committed round, or `nil`.
    func round(_ round: Int, of uid: String) async throws -> RoundSummary? {
        try await database.read { connection in
            try connection.first(
                "SELECT summary FROM fedlearn_rounds WHERE job = ? AND round = ? AND state = 'committed'", uid, round
            ) { try decode($0.blob(0)) }
        }
    }
}

extension Connection {
    fileprivate func rounds(of uid: String, _ range: RoundRange, limit: Int, bytes: Int) throws -> [RoundSummary] {
        let (comparison, bound) =
            switch range {
            case .after(let round): ("round > ? AND state = 'committed' ORDER BY round", round)
            case .before(let round): ("round < ? AND state = 'committed' ORDER BY round DESC", round)
            }
        var rounds: [RoundSummary] = []
        var total = 0
        try forEach(
            "SELECT length(summary), summary FROM fedlearn_rounds WHERE job = ? AND \(comparison) LIMIT ?", uid, bound,
            limit
        ) { row in
            total += try row.int(0)
            if rounds.isEmpty || total <= bytes { rounds.append(try decode(row.blob(1))) }
        }
        return rounds
    }

    /// A job's rounds as they are kept in memory: the sums come from SQLite, so that only the newest are decoded.
    func roundHistory(of uid: String) throws -> RoundHistory {
        let newest = try rounds(
            of: uid, .before(.max), limit: RoundHistory.maximumRounds, bytes: ResourcePage.maximumBytes)
        let edges = try query(
            """
            SELECT DISTINCT edge FROM fedlearn_contributions AS contribution WHERE job = ? AND EXISTS (
                SELECT 1 FROM fedlearn_rounds AS round
                WHERE round.job = contribution.job AND round.round = contribution.round AND state = 'committed')
            ORDER BY edge
            """, uid
        ) { try Name($0.string(0)) }
        let sums = try first(
            """
            SELECT count(*), total(json_extract(text, '$.seconds')),
                coalesce(sum(json_extract(text, '$.bytesToEdges')), 0),
                coalesce(sum(json_extract(text, '$.bytesFromEdges')), 0)
            FROM (SELECT CAST(summary AS TEXT) AS text FROM fedlearn_rounds WHERE job = ? AND state = 'committed')
            """, uid
        ) { row in
            (
                count: try row.int(0),
                totals: RoundTotals(
                    seconds: try row.double(1), bytesToEdges: try row.int(2), bytesFromEdges: try row.int(3),
                    edges: edges)
            )
        }
        guard let sums else { return [] }
        return RoundHistory(count: sums.count, totals: sums.totals, newest: newest.reversed())
    }
}
