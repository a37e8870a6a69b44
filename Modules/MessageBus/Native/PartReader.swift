import CZeroMQ

/// Takes messages out of sockets, part by part. Its two messages are used again and again, so that small parts cost no
/// allocation of ours.
final class PartReader {
    private let route: UnsafeMutablePointer<zmq_msg_t>
    private let head: UnsafeMutablePointer<zmq_msg_t>

    init() {
        route = .allocate(capacity: 1)
        head = .allocate(capacity: 1)
        zmq_msg_init(route)
        zmq_msg_init(head)
    }

    deinit {
        zmq_msg_close(route)
        zmq_msg_close(head)
        route.deallocate()
        head.deallocate()
    }

    enum Outcome {
        case part
        case nothing
        /// libzmq's error number.
        case failed(Int32)
    }

    /// Takes the routing id with which a ROUTER's message starts.
    func takeRoute(_ socket: Socket) -> Outcome { take(route, socket) }
    /// Takes a message's head.
    func takeHead(_ socket: Socket) -> Outcome { take(head, socket) }

    private func take(_ message: UnsafeMutablePointer<zmq_msg_t>, _ socket: Socket) -> Outcome {
        while zmq_msg_recv(message, socket.pointer, ZMQ_DONTWAIT) < 0 {
            let number = zmq_errno()
            if number == EINTR { continue }
            return number == EAGAIN ? .nothing : .failed(number)
        }
        return .part
    }

    /// The routing id that libzmq made up for the connection, or `nil` when the peer chose one itself, which our peers do
    /// not.
    var routeNumber: UInt32? {
        guard zmq_msg_size(route) == 5, let data = zmq_msg_data(route) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: data, count: 5)
        return bytes[0] == 0 ? bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self) : nil
    }

    var routeHasMore: Bool { zmq_msg_more(route) != 0 }
    var headHasMore: Bool { zmq_msg_more(head) != 0 }

    /// The head's bytes, until the next part is taken.
    var headBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: zmq_msg_data(head), count: zmq_msg_size(head))
    }

    /// A property of the head's connection, such as `User-Id`.
    func property(_ name: String) -> String? {
        guard let text = zmq_msg_gets(head, name) else { return nil }
        return String(cString: text)
    }

    /// The file descriptor of the head's connection.
    var connection: Int32? {
        let descriptor = zmq_msg_get(head, ZMQ_SRCFD)
        return descriptor >= 0 ? descriptor : nil
    }

    /// Takes the next part into memory of its own.
    func takeAttachment(_ socket: Socket) -> (storage: AttachmentStorage, hasMore: Bool)? {
        let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        zmq_msg_init(message)
        guard case .part = take(message, socket) else {
            zmq_msg_close(message)
            message.deallocate()
            return nil
        }
        let hasMore = zmq_msg_more(message) != 0
        return (AttachmentStorage(message: message), hasMore)
    }

    /// Throws away what is left of the current message.
    func skipRest(_ socket: Socket) {
        while case .part = takeHead(socket), headHasMore {}
    }
}
