/// What a manifest was kept for when it was archived.
struct ArchiveLabels: Codable, Sendable, Hashable {
    /// The most bytes of the object.
    static let maximumBytes = 1 << 20

    /// Such as `fedlearn/JOB/3/global`.
    var references: [String]
}
