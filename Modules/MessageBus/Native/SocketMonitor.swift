import CZeroMQ

/// libzmq's announcements of what happens to a connecting socket's connection.
final class SocketMonitor {
    enum Event {
        case disconnected
        /// The listener does not admit our key.
        case refused
        /// The listener speaks something else, or without encryption.
        case incompatible
    }

    let socket: Socket
    private let watched: Socket

    /// - Parameter number: unique in the context.
    init(_ context: BusContext, watching watched: Socket, number: UInt64) throws(BusError) {
        let endpoint = "inproc://gedge.monitor.\(number)"
        let events =
            ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
        guard zmq_socket_monitor(watched.pointer, endpoint, events) == 0 else {
            throw Socket.error("cannot watch a connection")
        }
        self.watched = watched
        socket = try Socket(context, kind: ZMQ_PAIR)
        try socket.set(ZMQ_RCVHWM, 0)
        try socket.connect(endpoint)
    }

    /// Ends the announcements. Call it before the watched socket is closed.
    ///
    /// libzmq's thread announces with a send that waits for room: were the reading end closed first, or full, that thread
    /// would hang for good, and every connection of the context with it.
    func close() {
        if !watched.isClosed { zmq_socket_monitor(watched.pointer, nil, 0) }
        socket.close()
    }

    deinit { close() }

    /// Everything announced since the last call.
    func events(_ reader: PartReader) -> [Event] {
        var events: [Event] = []
        while case .part = reader.takeHead(socket) {
            let bytes = reader.headBytes
            let number = bytes.count >= 2 ? Int32(bytes.loadUnaligned(as: UInt16.self)) : 0
            if reader.headHasMore { reader.skipRest(socket) }
            switch number {
            case ZMQ_EVENT_DISCONNECTED: events.append(.disconnected)
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: events.append(.refused)
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
                events.append(.incompatible)
            default: break
            }
        }
        socket.needsAttention = false
        return events
    }
}
