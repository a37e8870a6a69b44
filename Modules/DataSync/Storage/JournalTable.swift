import Contracts
import Core
import Store

/// What was appended to data sets and is in no version yet; inside one transaction.
struct JournalTable {
    let connection: Connection

    /// Producers of one data set whose positions are remembered; past it the one that was silent longest is forgotten.
    static let maximumProducers = 4096

    /// A file of records.
    struct Journal: Sendable, Hashable {
        var id: Int
        var dataset: DatasetName
        var format: RecordFormat
        /// Bytes that were acknowledged.
        var bytes: Int
        var records: Int
        var label: Label
        var created: Timestamp
    }

    /// Files that were appended together; their manifest is held by `owner(of:)`.
    struct Part: Sendable, Hashable {
        var id: Int
        var manifest: Digest
        var label: Label
    }

    /// What appended data is.
    struct Label: Sendable, Hashable {
        var artefact: Artefact
        var isAnonymised: Bool
    }

    /// The reference that holds a part until it is in a version.
    static func owner(of dataset: DatasetName, part: Int) -> String { "appended/\(dataset)/\(part)/" }

    // MARK: Journals

    /// The journal that more may be added to.
    func open(of dataset: DatasetName) throws -> Journal? {
        try connection.first("\(Self.columns) WHERE dataset = ? AND is_open", dataset.description, row: Self.journal)
    }

    /// All journals, or those of a data set, oldest first.
    func journals(of dataset: DatasetName? = nil) throws -> [Journal] {
        try connection.query(
            "\(Self.columns) WHERE ?1 IS NULL OR dataset = ?1 ORDER BY id", dataset?.description, row: Self.journal)
    }

    /// Begins a journal; none of the data set may be open.
    func create(_ dataset: DatasetName, _ format: RecordFormat, _ label: Label, now: Timestamp) throws -> Journal {
        try connection.execute(
            """
            INSERT INTO datasync_journals
                (dataset, format, is_open, bytes, records, artefact, is_anonymised, created, changed)
            VALUES (?, ?, 1, 0, 0, ?, ?, ?, ?)
            """, dataset.description, format.rawValue, label.artefact.rawValue, label.isAnonymised, now, now)
        return Journal(
            id: Int(connection.lastInsertedRow), dataset: dataset, format: format, bytes: 0, records: 0, label: label,
            created: now)
    }

    /// So many more bytes are durable.
    func extend(_ journal: Journal, bytes: Int, records: Int, now: Timestamp) throws {
        try connection.execute(
            "UPDATE datasync_journals SET bytes = ?, records = ?, changed = ? WHERE id = ?", journal.bytes + bytes,
            journal.records + records, now, journal.id)
    }

    /// Nothing more is added to the data set's journals.
    func close(_ dataset: DatasetName) throws {
        try connection.execute("UPDATE datasync_journals SET is_open = 0 WHERE dataset = ?", dataset.description)
    }

    /// The file has fewer bytes than were acknowledged: it is kept as it is.
    func shorten(_ journal: Journal, to bytes: Int) throws {
        try connection.execute(
            "UPDATE datasync_journals SET bytes = ?, is_open = 0 WHERE id = ?", bytes, journal.id)
    }

    func remove(journal id: Int) throws {
        try connection.execute("DELETE FROM datasync_journals WHERE id = ?", id)
    }

    // MARK: Parts

    func parts(of dataset: DatasetName) throws -> [Part] {
        try connection.query(
            "SELECT id, manifest, artefact, is_anonymised FROM datasync_parts WHERE dataset = ? ORDER BY id",
            dataset.description
        ) { row in
            guard let manifest = Digest(hex: try row.string(1)) else {
                throw StoreError(.corrupt, "files appended to '\(dataset)' have no manifest; restore a backup")
            }
            return Part(
                id: try row.int(0), manifest: manifest,
                label: Label(
                    artefact: Artefact(rawValue: try row.string(2)) ?? .rawData, isAnonymised: try row.bool(3)))
        }
    }

    /// - Returns: the part's number, with which `owner(of:part:)` is to hold the manifest.
    func insert(_ dataset: DatasetName, manifest: Digest, files: Int, rawBytes: Int, _ label: Label, now: Timestamp)
        throws -> Int
    {
        try connection.execute(
            """
            INSERT INTO datasync_parts (dataset, manifest, files, raw_bytes, artefact, is_anonymised, created)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """, dataset.description, manifest.hex, files, rawBytes, label.artefact.rawValue, label.isAnonymised, now)
        return Int(connection.lastInsertedRow)
    }

    func remove(part id: Int) throws {
        try connection.execute("DELETE FROM datasync_parts WHERE id = ?", id)
    }

    // MARK: What is open

    /// What is in no version yet, by data set; of one of them, or of all.
    func openData(of dataset: DatasetName? = nil) throws -> [DatasetName: OpenData] {
        let rows = try connection.query(
            """
            SELECT dataset, bytes, records, 0, created, changed FROM datasync_journals
            WHERE bytes > 0 AND (?1 IS NULL OR dataset = ?1)
            UNION ALL
            SELECT dataset, raw_bytes, 0, files, created, created FROM datasync_parts WHERE ?1 IS NULL OR dataset = ?1
            """, dataset?.description
        ) { row in
            (
                try DatasetName(try row.string(0)),
                OpenData(
                    bytes: try row.int(1), records: try row.int(2), files: try row.int(3),
                    first: try row.timestamp(4), last: try row.timestamp(5))
            )
        }
        return Dictionary(rows) { one, other in
            OpenData(
                bytes: one.bytes + other.bytes, records: one.records + other.records, files: one.files + other.files,
                first: min(one.first, other.first), last: max(one.last, other.last))
        }
    }

    /// What the data set's open data is; the versions may say more.
    func labels(of dataset: DatasetName) throws -> Set<Label> {
        Set(try journals(of: dataset).filter { $0.bytes > 0 }.map(\.label) + parts(of: dataset).map(\.label))
    }

    // MARK: Producers

    /// How far a producer's stream is durable.
    func position(of producer: String, in dataset: DatasetName) throws -> Int {
        try connection.first(
            "SELECT position FROM datasync_producers WHERE dataset = ? AND producer = ?", dataset.description, producer
        ) { try $0.int(0) } ?? 0
    }

    func setPosition(_ position: Int, of producer: String, in dataset: DatasetName, now: Timestamp) throws {
        try connection.execute(
            """
            INSERT INTO datasync_producers (dataset, producer, position, changed) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET position = excluded.position, changed = excluded.changed
            """, dataset.description, producer, position, now)
        try connection.execute(
            """
            DELETE FROM datasync_producers WHERE dataset = ?1 AND producer IN (
                SELECT producer FROM datasync_producers WHERE dataset = ?1
                ORDER BY changed DESC, producer LIMIT -1 OFFSET ?2)
            """, dataset.description, Self.maximumProducers)
    }

    private static let columns = """
        SELECT id, dataset, format, bytes, records, artefact, is_anonymised, created FROM datasync_journals
        """

    private static func journal(_ row: Row) throws -> Journal {
        guard let format = RecordFormat(rawValue: try row.string(2)) else {
            throw StoreError(.corrupt, "records are kept in a format '\(try row.string(2))' that is none")
        }
        return Journal(
            id: try row.int(0), dataset: try DatasetName(try row.string(1)), format: format, bytes: try row.int(3),
            records: try row.int(4),
            label: Label(artefact: Artefact(rawValue: try row.string(5)) ?? .rawData, isAnonymised: try row.bool(6)),
            created: try row.timestamp(7))
    }
}
