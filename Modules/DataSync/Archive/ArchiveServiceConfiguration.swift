/// What an `ArchiveService` copies, and when.
public struct ArchiveServiceConfiguration: Sendable, Hashable {
    /// What happens in the archive when the last reference to a manifest is dropped here.
    public enum Retention: String, Sendable, Hashable, Codable {
        /// Nothing: the archive keeps it until somebody removes it there.
        case keep
        /// It is removed from the archive, too. What this machine does not know of is left alone.
        case mirror
    }

    /// Beginnings of the references whose manifests are copied, such as `fedlearn/`; all when there are none.
    public var references: [String] = []
    /// How long a manifest must have been here, so that what lives a moment only is not copied.
    public var settle: Duration = .seconds(300)
    /// How long after one pass the next begins; after failures up to sixteen times as long.
    public var interval: Duration = .seconds(30)
    public var retention = Retention.keep
    /// Uploads that began before so long ago and were not completed are given up, once at the start and every day.
    public var staleUploads: Duration = .seconds(86_400)

    public init() {}
}
