/// One setting of a configuration, and how it is called in each place where it can be set.
public struct ConfigurationKey: Sendable, Hashable {
    /// The names of the fields that lead to it, such as `["limits", "maximumEdges"]`.
    public let path: [String]
    /// As an environment variable, such as `GEDGE_CORE_LIMITS_MAXIMUM_EDGES`.
    public let environmentName: String
    /// As a flag without its dashes, such as `limits-maximum-edges`.
    public let flagName: String
    public let isBoolean: Bool
    /// Whether it takes several values: separated by commas in the environment, repeated as a flag.
    public let isList: Bool
    /// The default as a person would write it; `nil` when there is none.
    public let defaultText: String?

    /// As in a document: `limits.maximumEdges`.
    public var dottedPath: String { path.joined(separator: ".") }

    init(path: [String], environmentPrefix: String, default node: SourceNode) {
        self.path = path
        let words = path.flatMap(Self.words)
        environmentName = ([environmentPrefix] + words).joined(separator: "_").uppercased()
        flagName = words.joined(separator: "-").lowercased()
        switch node.content {
        case .scalar(let scalar):
            isList = false
            if case .bool = scalar.value { isBoolean = true } else { isBoolean = false }
            defaultText = scalar.text.isEmpty || scalar.value == .null ? nil : scalar.text
        case .sequence(let items):
            isList = true
            isBoolean = false
            defaultText = items.isEmpty ? nil : items.compactMap(\.text).joined(separator: ",")
        case .mapping:
            isList = false
            isBoolean = false
            defaultText = nil
        }
    }

    /// The words of a name in camel case: `maximumEdges` is `maximum`, `Edges`; `coreURL` is `core`, `URL`.
    static func words(_ name: String) -> [String] {
        var words: [String] = []
        var word = ""
        let letters = Array(name)
        for (index, letter) in letters.enumerated() {
            if letter == "-" || letter == "_" {
                if !word.isEmpty { words.append(word) }
                word = ""
                continue
            }
            let startsWord =
                letter.isUppercase && index > 0
                && (!letters[index - 1].isUppercase || (index + 1 < letters.count && letters[index + 1].isLowercase))
            if startsWord, !word.isEmpty {
                words.append(word)
                word = ""
            }
            word.append(letter)
        }
        if !word.isEmpty { words.append(word) }
        return words
    }
}
