import Core

/// Why a batch of jobs or a plan was refused. The message names the field, the place in it, and what to do.
package struct PlacementError: ModuleError {
    /// What kind of refusal; the raw value is the error's stable code.
    package enum Kind: String, Sendable {
        /// The text is not what its format promises: no JSON, a missing field, ragged columns, a wrong format name.
        case malformed = "placement-malformed"
        /// A value that no placement can use: negative, not finite, or an index that names nothing.
        case invalidValue = "placement-invalid-value"
        /// A plan that breaks a rule of its problem.
        case infeasible = "placement-infeasible"
        /// What was stored cannot be read.
        case corrupt
    }

    package let kind: Kind
    package let message: String
    package var cause: (any Error)? { nil }
    package var code: String { kind.rawValue }
    package var isRetriable: Bool { false }

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
