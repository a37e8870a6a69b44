public import Contracts
public import Core

/// What went wrong with a call, a stream or a connection.
///
/// A failure that the other side's handler threw keeps its own `code` and says which peer it came from; everything else
/// has one of the codes in `Code`.
public struct BusError: ModuleError {
    public let code: String
    public let message: String
    public let cause: (any Error)?
    public let isRetriable: Bool
    /// The peer whose handler failed, or `nil` when the bus itself failed.
    public let peer: PeerID?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code.rawValue
        self.message = message
        self.cause = cause
        isRetriable = code.isRetriable
        peer = nil
    }

    /// The failure that `peer`'s handler answered with.
    package init(_ failure: Failure, from peer: PeerID) {
        code = failure.code
        message = failure.message
        cause = nil
        isRetriable = failure.isRetriable
        self.peer = peer
    }

    /// The failure of a handler of this process, as a caller elsewhere would see it. What is a `BusError` stays as it is.
    init(local error: any Error) {
        self = error as? BusError ?? BusError(Failure(error), from: .local)
    }

    static let closing = BusError(.shuttingDown, "the bus is closing")

    /// Whether this error has the code `code`.
    public func `is`(_ code: Code) -> Bool { self.code == code.rawValue }

    /// The stable words of the bus's own errors.
    public enum Code: String, Sendable, CaseIterable {
        /// No answer within the timeout. Whether the effect happened is unknown: repeat with the same idempotency key.
        case deadlineExceeded = "deadline-exceeded"
        /// There is no session with the peer, or it was lost before the answer came.
        case unreachable
        /// Nobody handles the subject there.
        case unknownSubject = "unknown-subject"
        /// The handler was cancelled before it answered.
        case cancelled
        /// The other side does not admit this key or this peer.
        case refused
        /// A body or an attachment exceeds the lane's limits.
        case tooLarge = "too-large"
        /// A body that is not what the subject's type says.
        case malformed
        /// Too much is waiting already; later there may be room.
        case overloaded
        /// The bus is closing.
        case shuttingDown = "shutting-down"
        /// An address that cannot be used.
        case invalidAddress = "invalid-address"
        /// Something was asked of the bus at a time when it cannot be done.
        case misuse
        /// The peer broke the rules of the wire format.
        case protocolViolation = "protocol-violation"
        /// libzmq or the system refused.
        case native

        var isRetriable: Bool {
            switch self {
            case .deadlineExceeded, .unreachable, .cancelled, .overloaded, .shuttingDown: true
            case .unknownSubject, .refused, .tooLarge, .malformed, .invalidAddress, .misuse, .protocolViolation,
                .native:
                false
            }
        }
    }
}
