import Contracts
import Core
import Store

/// A reference whose tags say what it holds.
struct TaggedReference: Sendable, Hashable {
    var owner: String
    var tags: TransferTags
    /// When the manifest came or was made.
    var created: Timestamp
    /// The version that it holds, if it is one of a data set.
    var version: Int?
    var isPinned: Bool
}

extension Catalogue {
    /// Every reference with tags, in order of their names.
    func taggedReferences() throws -> [TaggedReference] {
        try connection.query(
            """
            SELECT t.owner, t.tags, m.created, v.version, v.is_pinned FROM datasync_tags t
            JOIN datasync_manifests m ON m.digest = t.manifest
            LEFT JOIN datasync_versions v ON t.owner = 'dataset/' || v.dataset || '@' || v.version || '/'
            ORDER BY t.owner
            """
        ) { row in
            TaggedReference(
                owner: try row.string(0), tags: try row.json(1), created: try row.timestamp(2),
                version: try row.optionalInt(3), isPinned: try row.optionalBool(4) ?? false)
        }
    }
}
