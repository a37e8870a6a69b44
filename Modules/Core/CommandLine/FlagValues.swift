/// What a command line said.
public struct FlagValues: Sendable, Hashable {
    private var values: [String: [String]] = [:]
    /// The words that are not flags, in order.
    public internal(set) var operands: [String] = []
    /// `--help` or `-h` was given.
    public internal(set) var isHelpRequested = false

    init() {}

    mutating func append(_ value: String, to flag: String) { values[flag, default: []].append(value) }

    func has(_ flag: String) -> Bool { values[flag] != nil }

    /// The value of `flag`, the last one when it was repeated; `nil` when it was not given.
    public func text(_ flag: String) -> String? { values[flag]?.last }

    /// Every value of `flag`, in order.
    public func texts(_ flag: String) -> [String] { values[flag] ?? [] }

    /// Whether a boolean flag was given and not set to false.
    public func isSet(_ flag: String) -> Bool { values[flag]?.last == "true" }

    /// The value of `flag` as a whole number.
    /// - Throws: `ConfigurationError` when it is anything else.
    public func integer(_ flag: String) throws(ConfigurationError) -> Int? { try value(flag) }

    public func number(_ flag: String) throws(ConfigurationError) -> Double? { try value(flag) }

    /// The value of `flag` as a duration such as `30s`.
    public func duration(_ flag: String) throws(ConfigurationError) -> Duration? { try value(flag) }

    /// The value of `flag` as a size such as `64MiB`.
    public func byteCount(_ flag: String) throws(ConfigurationError) -> ByteCount? { try value(flag) }

    private func value<Value: Decodable>(_ flag: String) throws(ConfigurationError) -> Value? {
        guard let text = text(flag) else { return nil }
        let node = SourceNode(
            .scalar(SourceScalar(text, style: .untyped)), at: SourceLocation(source: "flag --\(flag)"))
        return try StrictDecoder().decode(Value.self, from: node)
    }
}
