public import Core

/// A value as SQLite stores it.
public enum SQLStorage: Sendable, Hashable {
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// A type whose values can be bound to a statement's parameters. `nil` binds `NULL`.
public protocol SQLValue: Sendable {
    var sqlStorage: SQLStorage { get }
}

extension Int: SQLValue {
    public var sqlStorage: SQLStorage { .integer(Int64(self)) }
}

extension Int64: SQLValue {
    public var sqlStorage: SQLStorage { .integer(self) }
}

extension Bool: SQLValue {
    public var sqlStorage: SQLStorage { .integer(self ? 1 : 0) }
}

extension Double: SQLValue {
    public var sqlStorage: SQLStorage { .real(self) }
}

extension String: SQLValue {
    public var sqlStorage: SQLStorage { .text(self) }
}

extension [UInt8]: SQLValue {
    public var sqlStorage: SQLStorage { .blob(self) }
}

extension Timestamp: SQLValue {
    /// Milliseconds since 1970.
    public var sqlStorage: SQLStorage { .integer(milliseconds) }
}

extension Name: SQLValue {
    public var sqlStorage: SQLStorage { .text(text) }
}
