/// The body of `goodbye`: why the session ends.
public struct GoodbyeBody: Codable, Sendable, Hashable {
    /// A stable word: `shutdown`, `revoked`, `malformed`, `superseded`, `unknown-session`.
    public var reason: String
    /// The same for people.
    public var message: String

    public init(reason: String, message: String) {
        self.reason = reason
        self.message = message
    }
}
