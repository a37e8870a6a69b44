import Contracts

/// Where a stream handler's items go: across a connection or to a reader in this process.
struct StreamSink: Sendable {
    let subject: String
    /// Items stay values within the process and become JSON on their way out.
    let isLocal: Bool
    let limits: LaneLimits
    let gate: CreditGate
    /// Called with items in the order in which they passed the gate.
    let emit: @Sendable (RawReply, _ cost: Int) -> Void
}
