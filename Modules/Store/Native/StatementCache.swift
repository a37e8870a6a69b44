/// The prepared statements of one connection that nobody is using, the least recently used dropped first.
struct StatementCache {
    private var statements: [String: (statement: Statement, lastUse: UInt64)] = [:]
    private var clock: UInt64 = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = max(0, capacity) }

    var count: Int { statements.count }

    /// Takes the statement out, so that a nested use of the same text gets a statement of its own.
    mutating func take(_ sql: String) -> Statement? {
        statements.removeValue(forKey: sql)?.statement
    }

    mutating func put(_ statement: Statement) {
        guard capacity > 0 else { return }
        clock += 1
        statements[statement.sql] = (statement, clock)
        if statements.count > capacity, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            statements[oldest.key] = nil
        }
    }

    mutating func removeAll() { statements.removeAll() }
}
