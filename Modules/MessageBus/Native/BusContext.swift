import CZeroMQ

/// A ZeroMQ context: the thread that moves the bytes, and the space in which `inproc://` names mean something.
///
/// A bus makes one of its own; buses of one process that talk over `inproc` are given the same one. At most one of them
/// may listen with CURVE, because a context has one authenticator.
public final class BusContext: @unchecked Sendable {
    // @unchecked: a ZeroMQ context may be used from any thread.
    private let raw: UnsafeMutableRawPointer?

    public init() {
        raw = zmq_ctx_new()
    }

    /// The context itself.
    /// - Throws: `BusError` `native` when the system had no descriptors left for it.
    var pointer: UnsafeMutableRawPointer {
        get throws(BusError) {
            guard let raw else {
                throw BusError(.native, "cannot make a ZeroMQ context; raise the limit on open files (ulimit -n)")
            }
            return raw
        }
    }

    deinit {
        // Every socket holds its context, so all of them are closed; what they still send is bounded by their linger.
        if let raw { while zmq_ctx_term(raw) < 0, zmq_errno() == EINTR {} }
    }
}
