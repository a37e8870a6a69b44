import FoundationEssentials

extension JSONValue {
    /// `value` as JSON, by its own `Encodable` conformance.
    public init(encoding value: some Encodable) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    }

    /// The JSON as a typed value. Unknown members are ignored: this reads what the platform wrote.
    public func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(self))
    }
}
