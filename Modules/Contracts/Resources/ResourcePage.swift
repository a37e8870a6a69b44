/// Collects resources until an answer is full, so that none passes the limits of the bus however many there are.
public struct ResourcePage: Sendable {
    /// The most items of a page, whatever was asked for.
    public static let maximumItems = 500
    /// About how many bytes of JSON a page may have: a quarter of what the control lane takes.
    public static let maximumBytes = 1 << 20

    private var list: ResourceList
    private let limit: Int
    private var bytes = 0

    /// - Parameter limit: the most items that were asked for; `nil` for as many as fit.
    public init(columns: [String], limit: Int?) {
        list = ResourceList(columns: columns, rows: [], items: [])
        self.limit = min(max(1, limit ?? .max), Self.maximumItems)
    }

    /// How many more items there is room for, as far as their number goes.
    public var room: Int { limit - list.items.count }

    /// Adds one item and its row, unless the page is full. The first item always fits.
    /// - Returns: whether it was added.
    public mutating func add(_ record: ResourceRecord, row: [String]) -> Bool {
        guard room > 0 else { return false }
        let size =
            record.spec.approximateByteCount + record.status.approximateByteCount
            + row.reduce(500) { $0 + $1.utf8.count }
            + (record.metadata.labels ?? [:]).reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 6 }
        guard list.items.isEmpty || bytes + size <= Self.maximumBytes else { return false }
        bytes += size
        list.rows.append(row)
        list.items.append(record)
        return true
    }

    /// The page as an answer.
    /// - Parameter continuation: how the next page is asked for; `nil` when there is nothing more.
    public func answer(continuation: String? = nil) -> ResourceList {
        var list = list
        list.continuation = continuation
        return list
    }
}

extension JSONValue {
    /// About how many bytes the value takes as JSON, without writing it: exact but for escapes and the length of numbers.
    public var approximateByteCount: Int {
        switch self {
        case .null, .bool: 5
        case .integer: 12
        case .number: 20
        case .string(let text): text.utf8.count + 2
        case .array(let values): values.reduce(2) { $0 + $1.approximateByteCount + 1 }
        case .object(let members): members.reduce(2) { $0 + $1.key.utf8.count + $1.value.approximateByteCount + 4 }
        }
    }
}
