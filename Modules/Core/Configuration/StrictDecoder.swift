/// Makes a typed value of a tree that a person wrote, and refuses what it does not understand: a field that the type does
/// not know, a missing one, a value of another type, a number out of range. Every message names the place, the field and
/// the remedy.
///
/// A field is known when the type asked for it, so that synthesised `Decodable` conformances need nothing else. A
/// `Duration` is written as in `DurationText`. An `untyped` scalar (from the environment or a flag) takes whatever type is
/// asked for; as a list it is split at commas.
public struct StrictDecoder: Sendable {
    public init() {}

    /// - Throws: `ConfigurationError`.
    public func decode<Value: Decodable>(_ type: Value.Type, from node: SourceNode) throws(ConfigurationError) -> Value
    {
        let session = DecodingSession()
        do {
            let value = try session.decode(type, from: node, at: [])
            if let error = session.unknownFields() { throw error }
            return value
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw session.configurationError(error, node: node, path: [])
        }
    }
}
