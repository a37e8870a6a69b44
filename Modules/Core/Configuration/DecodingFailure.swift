/// Decoding errors that carry the message for a person. They are `DecodingError`s so that a type which tries several
/// shapes may catch them as with any other decoder.
enum DecodingFailure {
    static func make(_ problem: String, _ node: SourceNode, _ path: [any CodingKey]) -> DecodingError {
        wrap(ConfigurationError(code: "invalid-value", at: node.location, problem), path)
    }

    /// The value has another type than the one asked for.
    static func mismatch(_ expected: String, _ node: SourceNode, _ path: [any CodingKey]) -> DecodingError {
        var problem = "\(name(path)) must be \(expected), but is \(node.summary)"
        if expected == "text", let text = node.text, !node.isNull { problem += "; put it in quotes: \"\(text)\"" }
        return make(problem, node, path)
    }

    static func wrap(_ error: ConfigurationError, _ path: [any CodingKey]) -> DecodingError {
        .dataCorrupted(.init(codingPath: path, debugDescription: error.message, underlyingError: error))
    }

    static func carried(by error: any Error) -> ConfigurationError? {
        switch error {
        case DecodingError.dataCorrupted(let context): context.underlyingError as? ConfigurationError
        case let error as ConfigurationError: error
        default: nil
        }
    }

    /// A field in the words of a message: `'spec.layers[2].units'`.
    static func name(_ path: [any CodingKey]) -> String { path.isEmpty ? "the value" : "'\(text(path))'" }

    /// Where a field belongs, as the end of a phrase: ` in spec`, or nothing at the top.
    static func place(_ path: [any CodingKey]) -> String { path.isEmpty ? "" : " in \(text(path))" }

    private static func text(_ path: [any CodingKey]) -> String {
        var result = ""
        for key in path {
            if let index = key.intValue, key is IndexKey {
                result += "[\(index)]"
            } else {
                result += (result.isEmpty ? "" : ".") + key.stringValue.prefix(80)
            }
        }
        return result
    }
}

/// The place of an element in a list.
struct IndexKey: CodingKey {
    let index: Int

    init(_ index: Int) { self.index = index }
    init?(intValue: Int) { index = intValue }
    init?(stringValue: String) { nil }

    var intValue: Int? { index }
    var stringValue: String { String(index) }
}

/// The key of the superclass's own fields.
enum SuperKey: String, CodingKey { case `super` }
