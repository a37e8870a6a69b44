/// How the core makes the next global model from a round's updates: a strategy's kind and the numbers it is given.
///
/// In a document both stand side by side: `{kind: fedadam, learningRate: 0.02}`. Which kinds there are, and which numbers each
/// takes, its owner knows.
public struct StrategySpec: Codable, Sendable, Hashable {
    public var kind: String
    /// What was written beside `kind`, by name.
    public var values: [String: Double]

    public init(kind: String, values: [String: Double] = [:]) {
        self.kind = kind
        self.values = values
    }

    private struct Key: CodingKey {
        static let kind = Key("kind")

        let stringValue: String
        var intValue: Int? { nil }

        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        kind = try container.decode(String.self, forKey: .kind)
        values = [:]
        for key in container.allKeys where key.stringValue != Key.kind.stringValue {
            values[key.stringValue] = try container.decode(Double.self, forKey: key)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(kind, forKey: .kind)
        for (name, value) in values { try container.encode(value, forKey: Key(name)) }
    }
}
