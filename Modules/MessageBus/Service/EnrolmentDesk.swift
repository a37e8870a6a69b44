import Contracts

/// Who decides about those who ask to be enrolled.
struct EnrolmentDesk: Sendable {
    /// A request to enrol is small; nothing larger is read.
    static let maximumFrameBytes = 8192
    /// Requests that are decided on at once.
    static let maximumConcurrent = 8

    let decide: @Sendable (Inbound<EnrolRequest>, PublicKey) async throws -> EnrolReply
}
