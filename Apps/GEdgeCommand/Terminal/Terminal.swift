/// Where text goes, and what a person would see of it. A port, so that tests read what was drawn.
public protocol Terminal: Sendable {
    /// Whether a person looks at it; otherwise it is a file or another program.
    var isInteractive: Bool { get }
    /// Columns; only meaningful when interactive.
    var width: Int { get }
    /// Rows; only meaningful when interactive.
    var height: Int { get }
    /// Writes all of `text`.
    /// - Throws: when it cannot be written, such as to a full disk.
    func write(_ text: String) throws
}
