import CSQLite
public import Core
import FoundationEssentials

/// One row of a result. Valid only inside the closure that receives it. Columns count from 0.
///
/// Every accessor throws `mistyped-column` when the column is absent or holds another type.
public struct Row {
    private let statement: Statement

    init(_ statement: Statement) { self.statement = statement }

    public var columnCount: Int { Int(sqlite3_data_count(statement.pointer)) }

    public func isNull(_ column: Int) throws -> Bool { try type(of: column) == SQLITE_NULL }

    public func int64(_ column: Int) throws -> Int64 {
        try require(column, SQLITE_INTEGER)
        return sqlite3_column_int64(statement.pointer, Int32(column))
    }

    public func int(_ column: Int) throws -> Int { Int(try int64(column)) }

    public func bool(_ column: Int) throws -> Bool { try int64(column) != 0 }

    /// A real number; an integer counts as one.
    public func double(_ column: Int) throws -> Double {
        guard try type(of: column) != SQLITE_INTEGER else { return Double(try int64(column)) }
        try require(column, SQLITE_FLOAT)
        return sqlite3_column_double(statement.pointer, Int32(column))
    }

    public func string(_ column: Int) throws -> String {
        try require(column, SQLITE_TEXT)
        let text = sqlite3_column_text(statement.pointer, Int32(column))
        let count = Int(sqlite3_column_bytes(statement.pointer, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    public func blob(_ column: Int) throws -> [UInt8] {
        try withBlob(column) { [UInt8]($0) }
    }

    /// Reads a blob in place; the bytes are valid inside `body`.
    public func withBlob<Result>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        try require(column, SQLITE_BLOB)
        let bytes = sqlite3_column_blob(statement.pointer, Int32(column))
        let count = Int(sqlite3_column_bytes(statement.pointer, Int32(column)))
        return try body(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    public func timestamp(_ column: Int) throws -> Timestamp { Timestamp(milliseconds: try int64(column)) }

    /// A value kept as JSON text (see `Connection.json`).
    public func json<Value: Decodable>(_ column: Int, as type: Value.Type = Value.self) throws -> Value {
        let text = try string(column)
        do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch {
            throw StoreError(
                .mistypedColumn, "column \(column) of '\(statement.sql)' is not a \(type) in JSON", cause: error)
        }
    }

    public func optionalInt64(_ column: Int) throws -> Int64? { try isNull(column) ? nil : int64(column) }
    public func optionalInt(_ column: Int) throws -> Int? { try isNull(column) ? nil : int(column) }
    public func optionalBool(_ column: Int) throws -> Bool? { try isNull(column) ? nil : bool(column) }
    public func optionalDouble(_ column: Int) throws -> Double? { try isNull(column) ? nil : double(column) }
    public func optionalString(_ column: Int) throws -> String? { try isNull(column) ? nil : string(column) }
    public func optionalBlob(_ column: Int) throws -> [UInt8]? { try isNull(column) ? nil : blob(column) }
    public func optionalTimestamp(_ column: Int) throws -> Timestamp? { try isNull(column) ? nil : timestamp(column) }

    public func optionalJSON<Value: Decodable>(_ column: Int, as type: Value.Type = Value.self) throws -> Value? {
        try isNull(column) ? nil : json(column, as: type)
    }

    private func type(of column: Int) throws -> Int32 {
        guard (0..<columnCount).contains(column) else {
            throw StoreError(.mistypedColumn, "no column \(column) in '\(statement.sql)', which has \(columnCount)")
        }
        return sqlite3_column_type(statement.pointer, Int32(column))
    }

    private func require(_ column: Int, _ expected: Int32) throws {
        let found = try type(of: column)
        guard found != expected else { return }
        throw StoreError(
            .mistypedColumn,
            "column \(column) of '\(statement.sql)' holds \(Self.name(found)), not \(Self.name(expected))")
    }

    private static func name(_ type: Int32) -> String {
        switch type {
        case SQLITE_INTEGER: "an integer"
        case SQLITE_FLOAT: "a real number"
        case SQLITE_TEXT: "text"
        case SQLITE_BLOB: "a blob"
        default: "NULL"
        }
    }
}
