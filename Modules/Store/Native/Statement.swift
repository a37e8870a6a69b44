import CSQLite

/// A prepared statement; finalised when released.
final class Statement {
    let pointer: OpaquePointer
    let sql: String

    init(_ sql: String, on handle: OpaquePointer, path: String) throws {
        var pointer: OpaquePointer?
        // SQLite reads up to the end of the first statement; a second one here would be silently ignored.
        let (code, isWhole) = sql.withCString { text in
            var tail: UnsafePointer<CChar>?
            let code = sqlite3_prepare_v3(handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, &tail)
            var rest = tail
            while let byte = rest?.pointee, byte != 0 {
                guard byte == 0x20 || byte == 0x0a || byte == 0x09 || byte == 0x3b else { return (code, false) }
                rest = rest?.successor()
            }
            return (code, true)
        }
        guard code == SQLITE_OK else { throw StoreError(sqlite: code, handle: handle, path: path, context: sql) }
        guard let pointer else { throw StoreError(.sql, "not a statement: '\(sql)'") }
        guard isWhole else {
            sqlite3_finalize(pointer)
            throw StoreError(.sql, "more than one statement in '\(sql)'; run them one by one")
        }
        self.pointer = pointer
        self.sql = sql
    }

    deinit { sqlite3_finalize(pointer) }

    /// Binds `values` to the parameters `?` in order.
    func bind(_ values: [(any SQLValue)?]) throws {
        let expected = Int(sqlite3_bind_parameter_count(pointer))
        guard values.count == expected else {
            throw StoreError(.sql, "\(values.count) values for the \(expected) parameters of '\(sql)'")
        }
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            let code =
                switch value?.sqlStorage {
                case nil: sqlite3_bind_null(pointer, position)
                case .integer(let number): sqlite3_bind_int64(pointer, position, number)
                case .real(let number): sqlite3_bind_double(pointer, position, number)
                case .text(let text): Self.bind(text, to: pointer, at: position)
                case .blob(let bytes): Self.bind(bytes, to: pointer, at: position)
                }
            guard code == SQLITE_OK else {
                throw StoreError(.sql, "cannot bind parameter \(position) of '\(sql)': SQLite error \(code)")
            }
        }
    }

    private static func bind(_ text: String, to pointer: OpaquePointer, at position: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                // An empty string's buffer may have no address, which SQLite would take for NULL.
                guard let base = characters.baseAddress else {
                    return sqlite3_bind_text(pointer, position, "", 0, gedge_sqlite_transient())
                }
                return sqlite3_bind_text64(
                    pointer, position, base, UInt64(characters.count), gedge_sqlite_transient(), UInt8(SQLITE_UTF8))
            }
        }
    }

    private static func bind(_ blob: [UInt8], to pointer: OpaquePointer, at position: Int32) -> Int32 {
        blob.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, bytes.count > 0 else {
                return sqlite3_bind_zeroblob(pointer, position, 0)
            }
            return sqlite3_bind_blob64(pointer, position, base, UInt64(bytes.count), gedge_sqlite_transient())
        }
    }

    /// Whether a row is there.
    func step(handle: OpaquePointer, path: String) throws -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw StoreError(sqlite: code, handle: handle, path: path, context: sql)
        }
    }

    /// Makes the statement ready for its next use and lets go of the values bound.
    func reset() {
        sqlite3_reset(pointer)  // repeats the error of the last step, which was thrown already
        sqlite3_clear_bindings(pointer)
    }
}
