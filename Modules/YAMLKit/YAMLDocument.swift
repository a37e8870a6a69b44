public import Core

/// A node of a document, with the place where it was written.
public typealias YAMLNode = SourceNode

/// One document of a stream.
public struct YAMLDocument: Sendable {
    /// The document as it was written, in whole lines, with its `---` if it has one.
    public let text: String
    /// The line of the stream on which `text` starts, counted from 1.
    public let firstLine: Int
    public let root: YAMLNode
}
