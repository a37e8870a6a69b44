import CSQLite
import Glibc

extension StoreError {
    /// The error behind a SQLite result code.
    /// - Parameter context: what was being done, such as the statement; cut to a readable length.
    init(sqlite code: Int32, handle: OpaquePointer?, path: String, context: String) {
        let detail =
            if let handle { String(cString: sqlite3_errmsg(handle)) } else { String(cString: sqlite3_errstr(code)) }
        let systemError = handle.map { gedge_sqlite_last_errno($0) } ?? 0
        let short = context.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let what = short.count > 200 ? short.prefix(200) + "…" : short[...]
        let kind = code & 0xff
        let outOfSpace =
            kind == SQLITE_FULL
            || [SQLITE_IOERR, SQLITE_CANTOPEN].contains(kind) && [ENOSPC, EDQUOT, EFBIG].contains(systemError)
        switch kind {
        case SQLITE_BUSY, SQLITE_LOCKED:
            self.init(
                .busy, "\(path) is locked by another connection (\(detail)) while doing: \(what); try again")
        case _ where outOfSpace:
            self.init(
                .full,
                "no space left for \(path) while doing: \(what); nothing of it was kept. Free some space on its disk "
                    + "or raise its limit, then try again")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            self = .corrupted(path: path, detail: detail)
        case SQLITE_CONSTRAINT:
            self.init(.constraint, "\(detail) in \(path) while doing: \(what)")
        case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
            let system = systemError == 0 ? "" : ", \(String(cString: strerror(systemError)))"
            self.init(
                .io,
                "\(path): \(detail)\(system) while doing: \(what); check that its disk is mounted, writable and sound")
        default:
            self.init(.sql, "\(detail) in \(path) while doing: \(what)")
        }
    }

    static func corrupted(path: String, detail: String) -> StoreError {
        StoreError(
            .corrupt,
            "\(path) is not a sound database (\(detail)); stop what uses it, move it and its -wal and -shm files away, "
                + "and put a backup in its place")
    }

    /// The error behind `errno` of a file operation.
    package init(errno code: Int32, doing what: String, path: String) {
        let reason = String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT, EFBIG:
            self.init(.full, "cannot \(what) \(path): \(reason); free some space on its disk and try again")
        default:
            self.init(.io, "cannot \(what) \(path): \(reason)")
        }
    }
}
