/// Where a job's results live: `{group}/{project}`; a round's model adds `/{round}`.
public struct ProjectPath: Hashable, Sendable, Codable, CustomStringConvertible {
    public let group: Name
    public let project: Name

    public init(group: Name, project: Name) {
        self.group = group
        self.project = project
    }

    public var description: String { "\(group)/\(project)" }
}
