import CZeroMQ
import Core
import Glibc

/// A ZeroMQ socket. Used by one thread at a time: whoever sets the bus up, and the bus's loop from then on.
final class Socket {
    let pointer: UnsafeMutableRawPointer
    /// Readable when the socket's state may have changed.
    let descriptor: Int32
    /// Whether something may wait here that the descriptor does not announce again: libzmq notifies once, and handles
    /// notifications within calls that send.
    var needsAttention = true
    private let context: BusContext
    private(set) var isClosed = false

    /// - Parameter kind: `ZMQ_ROUTER`, `ZMQ_DEALER` or `ZMQ_PAIR`.
    init(_ context: BusContext, kind: Int32) throws(BusError) {
        guard let pointer = zmq_socket(try context.pointer, kind) else {
            throw Self.error("cannot make a socket; raise the limit on open files (ulimit -n)")
        }
        var descriptor: Int32 = -1
        var size = MemoryLayout<Int32>.size
        guard zmq_getsockopt(pointer, ZMQ_FD, &descriptor, &size) == 0 else {
            let error = Self.error("a socket has no descriptor")
            zmq_close(pointer)
            throw error
        }
        self.pointer = pointer
        self.descriptor = descriptor
        self.context = context
        try set(ZMQ_LINGER, 0)
    }

    func set(_ option: Int32, _ value: Int32) throws(BusError) {
        var value = value
        guard zmq_setsockopt(pointer, option, &value, MemoryLayout<Int32>.size) == 0 else {
            throw Self.error("cannot set the socket option \(option) to \(value)")
        }
    }

    func set(_ option: Int32, large value: Int64) throws(BusError) {
        var value = value
        guard zmq_setsockopt(pointer, option, &value, MemoryLayout<Int64>.size) == 0 else {
            throw Self.error("cannot set the socket option \(option) to \(value)")
        }
    }

    func set(_ option: Int32, _ text: String) throws(BusError) {
        guard zmq_setsockopt(pointer, option, text, text.utf8.count) == 0 else {
            throw Self.error("cannot set the socket option \(option)")
        }
    }

    func bind(_ endpoint: String) throws(BusError) {
        guard zmq_bind(pointer, endpoint) == 0 else {
            throw Self.error("cannot listen on \(endpoint)", address: true)
        }
    }

    func connect(_ endpoint: String) throws(BusError) {
        guard zmq_connect(pointer, endpoint) == 0 else {
            throw Self.error("cannot connect to \(endpoint)", address: true)
        }
    }

    /// Closes the socket; libzmq goes on sending what it took for at most `linger`.
    func close(linger: Duration = .zero) {
        guard !isClosed else { return }
        isClosed = true
        var milliseconds = Int32(clamping: linger.milliseconds)
        // A socket that takes no linger closes at once, which loses no more than the caller has to reckon with.
        _ = zmq_setsockopt(pointer, ZMQ_LINGER, &milliseconds, MemoryLayout<Int32>.size)
        // Whoever watches it reads on until here, and may stop from here on: see `SocketMonitor.close`.
        zmq_socket_monitor(pointer, nil, 0)
        zmq_close(pointer)
    }

    deinit { close() }

    static func error(_ what: String, address: Bool = false) -> BusError {
        let number = zmq_errno()
        var advice = ""
        if number == EADDRINUSE { advice = "; another process listens there: stop it or choose another address" }
        if number == ENODEV || number == EADDRNOTAVAIL {
            advice = "; this machine has no such address: name one of its own, such as 127.0.0.1"
        }
        if number == EACCES { advice = "; this user may not: choose a port above 1023 or a directory of one's own" }
        return BusError(
            address ? .invalidAddress : .native, "\(what): \(String(cString: zmq_strerror(number)))\(advice)")
    }
}
