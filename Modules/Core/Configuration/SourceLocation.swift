/// Where a value came from, so that a message about it can say so: `job.yaml:7:3`, `environment variable
/// GEDGE_CORE_LISTEN`, `flag --listen`.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    /// The file, variable or flag, in the words of a message.
    public var source: String
    /// The line, counted from 1, or `nil` when the source has no lines.
    public var line: Int?
    /// The column in characters, counted from 1.
    public var column: Int?

    public init(source: String, line: Int? = nil, column: Int? = nil) {
        self.source = source
        self.line = line
        self.column = column
    }

    public var description: String {
        guard let line else { return source }
        guard let column else { return "\(source):\(line)" }
        return "\(source):\(line):\(column)"
    }
}
