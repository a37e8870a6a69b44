import Contracts
import Core
import Store

/// The versions of data sets; inside one transaction. A version's manifest is held by the reference `owner(of:)`.
struct VersionTable {
    let connection: Connection

    /// Everything under which versions are held.
    static let prefix = "dataset/"

    /// The reference that holds a version. It ends in a slash, so that releasing it releases no other.
    static func owner(of dataset: DatasetName, version: Int) -> String { "\(prefix)\(dataset)@\(version)/" }

    /// All versions of a data set, oldest first.
    func versions(of dataset: DatasetName) throws -> [DatasetVersion] {
        try connection.query(
            "\(Self.columns) WHERE v.dataset = ? ORDER BY v.version", dataset.description, row: Self.version)
    }

    /// One version, or the newest.
    /// - Throws: `DataSyncError` `missing`.
    func version(_ reference: DatasetReference) throws -> DatasetVersion {
        let found = try connection.first(
            "\(Self.columns) WHERE v.dataset = ?1 AND (?2 IS NULL OR v.version = ?2) ORDER BY v.version DESC LIMIT 1",
            reference.dataset.description, reference.version, row: Self.version)
        guard let found else {
            throw DataSyncError(
                .missing, "there is no \(reference) here; 'gedge data ls' lists the data sets that there are")
        }
        return found
    }

    /// Every data set that has a version or open data, in order of their names.
    func catalogue() throws -> [CatalogueEntry] {
        let journals = JournalTable(connection: connection)
        let open = try journals.openData()
        let sets = try connection.query(
            "SELECT v.dataset, count(*), sum(v.raw_bytes) FROM datasync_versions v GROUP BY v.dataset"
        ) { (try DatasetName(try $0.string(0)), (versions: try $0.int(1), bytes: try $0.int(2))) }
        let stored = Dictionary(uniqueKeysWithValues: sets)
        return try Set(open.keys).union(stored.keys).sorted().map { dataset in
            let newest = stored[dataset] == nil ? nil : try version(DatasetReference(dataset))
            return CatalogueEntry(
                dataset: dataset, versions: stored[dataset]?.versions ?? 0, newest: newest,
                rawBytes: stored[dataset]?.bytes ?? 0, open: open[dataset],
                artefact: try newest?.artefact ?? journals.labels(of: dataset).first?.artefact)
        }
    }

    /// Enters a version whose manifest is here and held by `owner(of:version:)`. Numbers are never used again.
    func insert(
        _ dataset: DatasetName, version: Int, manifest: Digest, entries: Int, rawBytes: Int, artefact: Artefact,
        isPinned: Bool, records: Int? = nil, now: Timestamp
    ) throws {
        try connection.execute(
            """
            INSERT INTO datasync_versions (dataset, version, manifest, entries, raw_bytes, artefact, is_pinned, created)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """, dataset.description, version, manifest.hex, entries, rawBytes, artefact.rawValue, isPinned, now)
        if let records {
            try connection.execute(
                "INSERT INTO datasync_version_records (dataset, version, records) VALUES (?, ?, ?)",
                dataset.description, version, records)
        }
        try connection.execute(
            """
            INSERT INTO datasync_datasets (dataset, last) VALUES (?, ?) ON CONFLICT DO UPDATE SET last = excluded.last
            """, dataset.description, version)
    }

    /// The number of the next version.
    func nextVersion(of dataset: DatasetName) throws -> Int {
        1
            + (try connection.first(
                "SELECT last FROM datasync_datasets WHERE dataset = ?", dataset.description, row: { try $0.int(0) })
                ?? 0)
    }

    func setPinned(_ isPinned: Bool, _ version: DatasetVersion) throws {
        try connection.execute(
            "UPDATE datasync_versions SET is_pinned = ? WHERE dataset = ? AND version = ?", isPinned,
            version.reference.dataset.description, version.reference.version)
    }

    /// Forgets a version; its reference is for the caller to release.
    func remove(_ version: DatasetVersion) throws {
        try connection.execute(
            "DELETE FROM datasync_versions WHERE dataset = ? AND version = ?",
            version.reference.dataset.description, version.reference.version)
    }

    /// Notes that a version has everything that `base` has, and what was appended since.
    func setSealed(_ version: DatasetReference, after base: DatasetVersion?) throws {
        try connection.execute(
            """
            INSERT INTO datasync_sealed (dataset, version, root)
            VALUES (?1, ?2, coalesce((SELECT root FROM datasync_sealed WHERE dataset = ?1 AND version = ?3), ?2))
            """, version.dataset.description, version.version, base?.reference.version)
    }

    /// Versions all of which is in the data set's newest one, because they were made of what was appended and so were all after
    /// them; but for the last `count`, and for pinned ones.
    func contained(of dataset: DatasetName, keeping count: Int) throws -> [DatasetVersion] {
        try connection.query(
            """
            \(Self.columns) JOIN datasync_sealed s ON s.dataset = v.dataset AND s.version = v.version
            WHERE v.dataset = ?1 AND NOT v.is_pinned AND s.root = (
                SELECT n.root FROM datasync_sealed n WHERE n.dataset = ?1 AND n.version = (
                    SELECT max(version) FROM datasync_versions WHERE dataset = ?1))
            ORDER BY v.version DESC LIMIT -1 OFFSET ?2
            """, dataset.description, count, row: Self.version)
    }

    private static let columns = """
        SELECT v.dataset, v.version, v.manifest, v.entries, v.raw_bytes, v.artefact, v.is_pinned, v.created,
            coalesce(m.is_complete, 0), r.records
        FROM datasync_versions v LEFT JOIN datasync_manifests m ON m.digest = v.manifest
            LEFT JOIN datasync_version_records r ON r.dataset = v.dataset AND r.version = v.version
        """

    private static func version(_ row: Row) throws -> DatasetVersion {
        guard let manifest = Digest(hex: try row.string(2)) else {
            throw StoreError(.corrupt, "a version of '\(try row.string(0))' has no manifest; restore a backup")
        }
        return DatasetVersion(
            reference: DatasetReference(try DatasetName(try row.string(0)), version: try row.int(1)),
            manifest: manifest, created: try row.timestamp(7), entries: try row.int(3), rawBytes: try row.int(4),
            isComplete: try row.bool(8), isPinned: try row.bool(6),
            artefact: Artefact(rawValue: try row.string(5)) ?? .rawData, records: try row.optionalInt(9))
    }
}
