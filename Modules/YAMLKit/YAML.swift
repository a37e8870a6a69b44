public import Core

/// Reads YAML 1.2 (core schema) and JSON strictly, and writes YAML.
///
/// Hostile input is refused with a message: at most 4 MiB, 64 levels, and 200,000 nodes, where an alias counts as often as
/// it is used. Duplicate fields, tags of one's own, merge keys and fields whose names are not scalars are refused too.
public enum YAML {
    /// Splits a stream into its documents, leaving out empty ones.
    /// - Parameters:
    ///   - source: what to call it in messages, such as `job.yaml`.
    ///   - firstLine: the number of the first line of `text`, for a text cut out of a longer one.
    /// - Throws: `YAMLError`.
    public static func documents(
        _ text: String, source: String, firstLine: Int = 1
    ) throws(YAMLError) -> [YAMLDocument] {
        try documents(text, source: source, firstLine: firstLine, limits: .standard)
    }

    static func documents(
        _ text: String, source: String, firstLine: Int = 1, limits: YAMLLimits
    ) throws(YAMLError) -> [YAMLDocument] {
        guard text.utf8.count <= limits.bytes else {
            throw YAMLError(
                code: "too-large", at: SourceLocation(source: source),
                "the document has \(text.utf8.count) bytes; at most \(limits.bytes) are read")
        }
        // libyaml does not count a byte order mark in its positions.
        let body = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        if let root = try JSONReader.read(body, source: source, firstLine: firstLine, limits: limits) {
            return root.isNull ? [] : [YAMLDocument(text: body, firstLine: firstLine, root: root)]
        }
        return try DocumentReader(body, source: source, firstLine: firstLine, limits: limits).documents()
    }

    /// Decodes the only document of `text`; a field that the type does not know is an error.
    /// - Throws: `YAMLError`.
    public static func decode<Value: Decodable>(
        _ type: Value.Type, from text: String, source: String, firstLine: Int = 1
    ) throws(YAMLError) -> Value {
        try decode(type, from: try document(text, source: source, firstLine: firstLine).root)
    }

    /// Decodes a node, as `decode(_:from:source:firstLine:)` does a text.
    public static func decode<Value: Decodable>(_ type: Value.Type, from node: YAMLNode) throws(YAMLError) -> Value {
        do { return try StrictDecoder().decode(type, from: node) } catch { throw YAMLError(error) }
    }

    /// The only document of `text`.
    /// - Throws: `YAMLError`; with the code `empty` or `many-documents` when there is not exactly one.
    public static func document(
        _ text: String, source: String, firstLine: Int = 1
    ) throws(YAMLError) -> YAMLDocument {
        let documents = try documents(text, source: source, firstLine: firstLine)
        guard let first = documents.first else {
            throw YAMLError(code: "empty", at: SourceLocation(source: source), "the document is empty")
        }
        if documents.count > 1 {
            throw YAMLError(
                code: "many-documents", at: documents[1].root.location,
                "a second document starts here; only one is expected")
        }
        return first
    }

    /// Writes `value` as YAML in block style, ending with a line feed. `decode` reads the same value back, and so does a
    /// YAML 1.1 reader.
    /// - Throws: what the value's own `encode(to:)` throws.
    public static func encode(_ value: some Encodable) throws -> String {
        YAMLWriter.text(of: try TreeEncoder().encode(value))
    }

    /// Writes a tree as YAML in block style, ending with a line feed.
    public static func text(of node: YAMLNode) -> String { YAMLWriter.text(of: node) }
}
