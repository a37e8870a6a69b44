/// A typed question that one service answers: the subject both sides agree on, the lane it travels by, and the types of
/// its question and its answer. Values of this type, declared by domain in this module, are the platform's vocabulary.
public struct Call<Request: Codable & Sendable, Reply: Codable & Sendable>: Sendable {
    /// `domain.verb`, ASCII, at most 128 bytes.
    public let subject: String
    public let lane: Lane
    public let audience: Audience

    public init(_ subject: String, lane: Lane = .control, audience: Audience = .anyone) {
        self.subject = subject
        self.lane = lane
        self.audience = audience
    }
}

/// A typed announcement that anyone may listen to and nobody answers; lost while the peer is away.
public struct Topic<Payload: Codable & Sendable>: Sendable {
    public let subject: String
    public let lane: Lane

    public init(_ subject: String, lane: Lane = .control) {
        self.subject = subject
        self.lane = lane
    }
}

/// A typed question that one service answers with a sequence of items, paced by the asker's credit.
public struct StreamCall<Request: Codable & Sendable, Item: Codable & Sendable>: Sendable {
    public let subject: String
    public let lane: Lane
    public let audience: Audience

    public init(_ subject: String, lane: Lane = .bulk, audience: Audience = .anyone) {
        self.subject = subject
        self.lane = lane
        self.audience = audience
    }
}

/// A body that says nothing, for calls without a question or an answer.
public struct Empty: Codable, Sendable, Hashable {
    public init() {}
}
