import Glibc

/// Finds connections that send without ever finishing a message.
///
/// libzmq collects all parts of a message before anyone can look at it, and `ZMQ_MAXMSGSIZE` bounds one part only: a peer
/// that never sends the last part makes the process grow for as long as it likes. Seen from outside, such a connection
/// receives bytes and delivers no message. This is the bookkeeping alone; see `ConnectionGuard`.
struct ConnectionWatch {
    /// How many checks in a row a connection must stand beyond its limit, so that a reader that is late is not mistaken for
    /// a peer that does not finish.
    static let patience = 3

    /// Bytes that may arrive between two messages.
    let limit: UInt64
    private var connections: [Int32: State] = [:]

    private struct State {
        var deliveries: UInt64 = 0
        /// Bytes the connection had received when it was last seen to deliver.
        var mark: UInt64 = 0
        var excesses = 0
    }

    init(limit: UInt64) { self.limit = limit }

    var descriptors: [Int32] { Array(connections.keys) }
    var isEmpty: Bool { connections.isEmpty }
    /// Whether a connection stands beyond its limit and is to be looked at again soon.
    var isAlarmed: Bool { connections.values.contains { $0.excesses > 0 } }

    mutating func begin(_ descriptor: Int32) { connections[descriptor] = State() }

    mutating func end(_ descriptor: Int32) { connections[descriptor] = nil }

    /// Looks at one connection.
    /// - Parameters:
    ///   - received: bytes it received since it was accepted.
    ///   - deliveries: messages it delivered.
    /// - Returns: whether it is to be cut.
    mutating func check(_ descriptor: Int32, received: UInt64, deliveries: UInt64) -> Bool {
        guard var state = connections[descriptor] else { return false }
        defer { connections[descriptor] = state }
        if deliveries != state.deliveries || received < state.mark {
            state = State(deliveries: deliveries, mark: received)
        } else if received - state.mark > limit {
            state.excesses += 1
        }
        return state.excesses >= Self.patience
    }
}
