import CZeroMQ
import Contracts
import MessageBus
import Testing

/// A peer without manners: three sockets on which a test sends whatever bytes it likes. Blocks; use it on a thread of its
/// own, from one thread at a time.
final class RawPeer {
    private let context: UnsafeMutableRawPointer
    private var sockets: [UnsafeMutableRawPointer] = []
    private let address: BusAddress
    private let keys: KeyPair
    private let linger: Int32
    private let serverKey: PublicKey
    /// Bytes handed to libzmq.
    private(set) var sentBytes = 0
    var session: UInt64 = 1
    var sequence: [UInt64] = [0, 0, 0]

    /// - Parameter linger: for how long what was sent may still go out after a close, in milliseconds.
    init(_ address: BusAddress, keys: KeyPair, serverKey: PublicKey, linger: Int32 = 2000) throws {
        context = try #require(zmq_ctx_new())
        self.address = address
        self.linger = linger
        self.keys = keys
        self.serverKey = serverKey
        try connect()
    }

    deinit {
        for socket in sockets { zmq_close(socket) }
        zmq_ctx_term(context)
    }

    /// New connections, for a listener that has closed its ears to the old ones.
    func reconnect() throws {
        for socket in sockets { zmq_close(socket) }
        sockets = []
        try connect()
    }

    private func connect() throws {
        session += 1
        sequence = [0, 0, 0]
        for lane in Lane.allCases { sockets.append(try socket(address.endpoint(lane))) }
    }

    private func socket(_ endpoint: String) throws -> UnsafeMutableRawPointer {
        let socket = try #require(zmq_socket(context, ZMQ_DEALER))
        // What it does not read stays with the other side.
        for (option, value) in [
            (ZMQ_LINGER, Int(linger)), (ZMQ_SNDTIMEO, 200), (ZMQ_RCVTIMEO, 10_000), (ZMQ_RCVHWM, 1),
        ] {
            var value = Int32(value)
            try #require(zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size) == 0)
        }
        try #require(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, serverKey.z85, 41) == 0)
        try #require(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys.publicKey.z85, 41) == 0)
        let secretStatus = keys.withSecretZ85 { zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, $0, 41) }
        try #require(secretStatus == 0)
        try #require(zmq_connect(socket, endpoint) == 0)
        return socket
    }

    /// Sends parts as they are.
    /// - Returns: whether libzmq took them all.
    @discardableResult
    func send(_ parts: [[UInt8]], on lane: Lane, isFinished: Bool = true) -> Bool {
        for (index, part) in parts.enumerated() {
            let flags = index + 1 < parts.count || !isFinished ? ZMQ_SNDMORE : 0
            if zmq_send(sockets[Int(lane.rawValue)], part, part.count, flags) < 0 { return false }
            sentBytes += part.count
        }
        return true
    }

    /// Sends parts to the enrolment socket.
    func sendToEnrolment(_ parts: [[UInt8]]) throws {
        let socket = try socket(try #require(address.enrolmentEndpoint))
        sockets.append(socket)
        for (index, part) in parts.enumerated() {
            try #require(zmq_send(socket, part, part.count, index + 1 < parts.count ? ZMQ_SNDMORE : 0) >= 0)
        }
    }

    /// Sends a well-formed frame under the next sequence number, or the one in `header`.
    func send(
        _ header: FrameHeader, subject: String = "", body: String = "", attachments: [[UInt8]] = []
    ) throws {
        var header = header
        header.session = session
        header.attachmentCount = UInt16(attachments.count)
        if header.sequence == 0 {
            sequence[Int(header.lane.rawValue)] += 1
            header.sequence = sequence[Int(header.lane.rawValue)]
        }
        send([try header.head(subject: subject, body: Array(body.utf8))] + attachments, on: header.lane)
    }

    /// Begins a session: hello and welcome on every lane.
    func greet(as name: String) throws {
        let hello =
            #"{"identity":"\#(name)","instance":"i","subscriptions":[],"software":"x","heartbeatMilliseconds":1000,"#
            + #""leaseMilliseconds":5000}"#
        for lane in Lane.allCases { try send(FrameHeader(kind: .hello, lane: lane), body: hello) }
        for lane in Lane.allCases {
            let kind = try next(on: lane).header.kind
            #expect(kind == .welcome)
        }
    }

    /// The next message but heartbeats.
    func next(on lane: Lane) throws -> (header: FrameHeader, body: String) {
        while true {
            var parts: [[UInt8]] = []
            var hasMore = true
            while hasMore {
                var message = zmq_msg_t()
                zmq_msg_init(&message)
                defer { zmq_msg_close(&message) }
                try #require(zmq_msg_recv(&message, sockets[Int(lane.rawValue)], 0) >= 0, "no answer")
                parts.append(
                    Array(UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))))
                hasMore = zmq_msg_more(&message) != 0
            }
            let head = try #require(parts.first)
            let header = try head.withUnsafeBytes {
                try FrameHeader(decoding: $0, on: lane, limits: FrameLimits())
            }
            if header.kind == .heartbeat { continue }
            return (header, head.withUnsafeBytes { String(decoding: header.body(of: $0), as: UTF8.self) })
        }
    }
}
