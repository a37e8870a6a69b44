public import Core

/// How a new edge becomes one of us: an operator makes a single-use token, the edge trades it for its place in the
/// core's list of keys.
public enum Enrolment {
    /// Operator to core.
    public static let createToken = Call<TokenRequest, TokenReply>("enrolment.token.create", audience: .operators)
    /// Operator to core: an enrolled edge is no longer admitted and is cut off.
    public static let revoke = Call<RevokeRequest, Empty>("enrolment.revoke", audience: .operators)
    /// Edge to core, on the enrolment socket only.
    public static let enrol = Call<EnrolRequest, EnrolReply>("enrolment.enrol")
}

public struct TokenRequest: Codable, Sendable {
    /// The name the edge will have, or `nil` to let the edge propose one.
    public var edge: Name?
    /// How long the token can be used.
    public var lifetimeSeconds: Int

    public init(edge: Name? = nil, lifetimeSeconds: Int = 3600) {
        self.edge = edge
        self.lifetimeSeconds = lifetimeSeconds
    }
}

public struct TokenReply: Codable, Sendable {
    /// The token itself: a secret until it is used.
    public var token: String
    public var expires: Timestamp

    public init(token: String, expires: Timestamp) {
        self.token = token
        self.expires = expires
    }
}

public struct RevokeRequest: Codable, Sendable {
    public var edge: Name

    public init(edge: Name) { self.edge = edge }
}

public struct EnrolRequest: Codable, Sendable {
    /// The secret half of the token.
    public var secret: String
    /// The name the edge would like; the token's own name wins.
    public var proposedName: Name?

    public init(secret: String, proposedName: Name?) {
        self.secret = secret
        self.proposedName = proposedName
    }
}

public struct EnrolReply: Codable, Sendable {
    public var name: Name

    public init(name: Name) { self.name = name }
}
