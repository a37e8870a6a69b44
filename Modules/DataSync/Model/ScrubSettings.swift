public import Core

/// How often and how fast everything that is stored is read and hashed, as a section of a daemon's configuration.
public struct ScrubSettings: Codable, Sendable, Hashable {
    /// From the end of one walk to the beginning of the next, give or take a tenth; 0 for never.
    public var interval: Duration
    /// The most it reads a second; 0 for as fast as it can.
    public var bytesPerSecond: ByteCount

    /// Once a week, 8 MiB a second.
    public init(interval: Duration = .seconds(7 * 86_400), bytesPerSecond: ByteCount = ByteCount(8 << 20)) {
        self.interval = interval
        self.bytesPerSecond = bytesPerSecond
    }

    /// Never.
    public static let off = ScrubSettings(interval: .zero)

    /// One line for each setting, for the usage text; the keys begin with `prefix`.
    public static func help(under prefix: String) -> [String: String] {
        [
            "\(prefix).interval": "how long after one look for damage on the disk the next follows; 0 for never",
            "\(prefix).bytesPerSecond": "the most that look reads a second",
        ]
    }

    /// - Throws: `DataSyncError` `invalid-request` for a value outside its range.
    public func validate() throws {
        guard interval == .zero || (.seconds(1)...(.seconds(3650 * 86_400))).contains(interval) else {
            throw DataSyncError(
                .invalidRequest, "scrub.interval must be 0, or 1s to 3650d, not \(DurationText.exact(interval))")
        }
    }
}
