/// A word of a command that is not a flag, as the `KIND/NAME` of `describe`.
struct Operand: Sendable, Hashable {
    let placeholder: String
    let kind: ValueKind
    let isRequired: Bool
    let isRepeatable: Bool

    init(_ kind: ValueKind, placeholder: String? = nil, isRequired: Bool = true, isRepeatable: Bool = false) {
        self.placeholder = placeholder ?? kind.placeholder
        self.kind = kind
        self.isRequired = isRequired
        self.isRepeatable = isRepeatable
    }

    var usage: String {
        let text = placeholder + (isRepeatable ? " ..." : "")
        return isRequired ? text : "[\(text)]"
    }
}
