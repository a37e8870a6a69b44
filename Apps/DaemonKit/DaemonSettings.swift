public import Core
public import Datasets
public import Telemetry

/// One data set as a configuration lists it: a name, and beside it the fields of its `DatasetSource`.
public struct DatasetEntry: Codable, Sendable, Hashable {
    /// The name jobs call it by.
    public var name: Name
    /// Where it lies and how it is read.
    public var source: DatasetSource

    private enum CodingKeys: String, CodingKey { case name }

    public init(from decoder: any Decoder) throws {
        name = try decoder.container(keyedBy: CodingKeys.self).decode(Name.self, forKey: .name)
        source = try DatasetSource(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try source.encode(to: encoder)
    }
}

/// What a daemon writes about itself.
public struct LogSettings: Codable, Sendable, Hashable {
    /// Records below this level are dropped.
    public var level = LogLevel.info
    /// The size at which the log file is rotated, in bytes.
    public var maximumBytes = 16 << 20

    public init() {}

    /// - Throws: `DaemonError` `invalid` for a value outside its range.
    public func validate() throws {
        guard (65_536...1 << 40).contains(maximumBytes) else {
            throw DaemonError("invalid", "log.maximumBytes must be 65536 to 1099511627776, not \(maximumBytes)")
        }
    }
}

/// When what is appended to data sets becomes a version, unless the threshold of a policy's rule says so earlier.
public struct SealSettings: Codable, Sendable, Hashable {
    public var bytes = ByteCount(64 << 20)
    public var age: Duration = .seconds(900)
    /// How many of the versions that are made so are kept, each of which contains those before it.
    public var versions = 16

    public init() {}

    /// - Throws: `DaemonError` `invalid` for a value outside its range.
    public func validate() throws {
        guard bytes.bytes >= 1, age >= .milliseconds(100), versions >= 1 else {
            throw DaemonError(
                "invalid", "seal.bytes must be 1 or more, seal.age 100ms or more, and seal.versions 1 or more")
        }
    }
}

/// What stays of versions that were fetched and that nobody needs any more.
public struct CacheSettings: Codable, Sendable, Hashable {
    /// Raw bytes; 0 for no cache.
    public var bytes = ByteCount(1 << 30)

    public init() {}
}

extension [DatasetEntry] {
    /// The entries by name, their relative paths taken from `directory`.
    /// - Throws: `DaemonError` `invalid` for a name that is listed twice.
    public func sources(relativeTo directory: String) throws -> [Name: DatasetSource] {
        var sources: [Name: DatasetSource] = [:]
        for entry in self where sources.updateValue(entry.source.relative(to: directory), forKey: entry.name) != nil {
            throw DaemonError("invalid", "data set '\(entry.name)' is configured twice under 'datasets'; remove one")
        }
        return sources
    }
}
