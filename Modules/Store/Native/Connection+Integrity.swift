extension Connection {
    /// Reads every page and its links (`quick_check`); indexes are not compared with their tables.
    func checkPages() throws { try check("PRAGMA quick_check(1)") }

    /// As `checkPages`, and compares every index with its table (`integrity_check`).
    func checkEverything() throws { try check("PRAGMA integrity_check(1)") }

    private func check(_ pragma: String) throws {
        let findings = try query(pragma) { try $0.string(0) }
        guard findings == ["ok"] else {
            throw StoreError.corrupted(path: path, detail: findings.first ?? "the check said nothing")
        }
    }

    /// Copies the database as of now into a new file at `path`, which ends without log files beside it.
    func copyDatabase(to path: String, limits: DatabaseLimits) throws {
        let destination = try Connection(path: path, isWriter: true, limits: limits)
        try copy(to: destination)
        try destination.execute("PRAGMA journal_mode = DELETE")
    }
}
