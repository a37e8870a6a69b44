public import Core

/// What a data set is called on the whole platform: `group/project/name`.
public struct DatasetName: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    public let group: Name
    public let project: Name
    public let name: Name

    public init(group: Name, project: Name, name: Name) {
        self.group = group
        self.project = project
        self.name = name
    }

    /// Reads `group/project/name`.
    /// - Throws: `Failure` `invalid-name` that says what is expected.
    public init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else {
            throw Failure(
                code: "invalid-name",
                message: "'\(text.prefix(200))' does not name a data set; write group/project/name")
        }
        self.init(group: try Name(parts[0]), project: try Name(parts[1]), name: try Name(parts[2]))
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do { self = try DatasetName(text) } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: Failure(error).message, underlyingError: error))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var description: String { "\(group)/\(project)/\(name)" }

    public static func < (left: DatasetName, right: DatasetName) -> Bool {
        (left.group, left.project, left.name) < (right.group, right.project, right.name)
    }
}

/// One version of a data set, `group/project/name@N`, or its newest one, `group/project/name`.
public struct DatasetReference: Hashable, Sendable, Codable, CustomStringConvertible {
    public var dataset: DatasetName
    /// From 1; `nil` for the newest.
    public var version: Int?

    public init(_ dataset: DatasetName, version: Int? = nil) {
        self.dataset = dataset
        self.version = version
    }

    /// Reads `group/project/name` or `group/project/name@N`.
    /// - Throws: `Failure` `invalid-name` that says what is expected.
    public init(_ text: String) throws {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        dataset = try DatasetName(parts[0])
        guard parts.count == 2 else { return }
        guard let number = Int(parts[1]), number >= 1, String(number) == parts[1] else {
            throw Failure(
                code: "invalid-name",
                message: "'\(parts[1].prefix(40))' is not a version of '\(parts[0])'; write a number from 1, as in @3")
        }
        version = number
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do { self = try DatasetReference(text) } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: Failure(error).message, underlyingError: error))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var description: String { version.map { "\(dataset)@\($0)" } ?? dataset.description }
}
