import Contracts
import Core

extension Invocation {
    /// A flag whose value is a name; `edge/NAME` is the same as `NAME`.
    func name(_ flag: String) throws -> Name? {
        guard let text = text(flag) else { return nil }
        let word = text.hasPrefix("edge/") ? String(text.dropFirst(5)) : text
        do { return try Name(word) } catch { throw CommandError.usage("flag --\(flag): \(error.message)") }
    }

    /// A flag whose value is one of an enumeration's words.
    func choice<Value: RawRepresentable<String>>(_ flag: String, as type: Value.Type = Value.self) -> Value? {
        // The parser let only known words through.
        text(flag).flatMap { Value(rawValue: $0.lowercased()) }
    }

    /// An operand that names a version of a data set, or its newest one; `dataset/` may stand before it.
    func dataset(_ index: Int) throws -> DatasetReference {
        let text = operands[index]
        let word =
            text.hasPrefix("dataset/") || text.hasPrefix("datasets/") ? text.drop { $0 != "/" }.dropFirst() : text[...]
        do { return try DatasetReference(String(word)) } catch { throw CommandError.usage(Failure(error).message) }
    }
}

extension Flag {
    /// The edge that is asked in place of the core.
    static func atEdge(_ summary: String) -> Flag { Flag("edge", .edge, summary) }
}
