import CZeroMQ
import Contracts
import Core
import MessageBus

/// A peer without a bus, which sends whatever bytes a test wants, from a thread of its own.
actor FrameSender {
    private let executor = ThreadExecutor(name: "frame-sender")
    private nonisolated(unsafe) let context: UnsafeMutableRawPointer
    private nonisolated(unsafe) var sockets: [UnsafeMutableRawPointer] = []
    nonisolated let session: UInt64
    private var sequences: [UInt64] = [0, 0, 0]

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter keys: with which to connect over `tcp`; nothing for `ipc`.
    init(
        _ address: BusAddress, keys: KeyPair? = nil, serverKey: PublicKey? = nil, session: UInt64 = 1,
        routingID: String? = nil
    ) throws {
        guard let context = zmq_ctx_new() else { throw NeverHappened(what: "there is a context") }
        self.context = context
        self.session = session
        for lane in Lane.allCases {
            guard let socket = zmq_socket(context, ZMQ_DEALER) else { throw NeverHappened(what: "there is a socket") }
            sockets.append(socket)
            var milliseconds: Int32 = 60_000
            zmq_setsockopt(socket, ZMQ_RCVTIMEO, &milliseconds, 4)
            milliseconds = 0
            zmq_setsockopt(socket, ZMQ_LINGER, &milliseconds, 4)
            if let routingID { zmq_setsockopt(socket, ZMQ_ROUTING_ID, routingID, routingID.utf8.count) }
            if let keys, let serverKey {
                zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, serverKey.z85, 40)
                zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys.publicKey.z85, 40)
                _ = keys.withSecretZ85 { zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, $0, 41) }
            }
            guard zmq_connect(socket, address.endpoint(lane)) == 0 else {
                throw NeverHappened(what: "\(address) can be connected to")
            }
        }
    }

    /// Heartbeats that came so far.
    private(set) var heartbeats = 0

    deinit {
        for socket in sockets { zmq_close(socket) }
        zmq_ctx_term(context)
    }

    /// Sends raw parts.
    func send(parts: [[UInt8]], on lane: Lane = .control) {
        for (index, part) in parts.enumerated() {
            _ = zmq_send(
                sockets[Int(lane.rawValue)], part, part.count, index + 1 < parts.count ? ZMQ_SNDMORE : 0)
        }
    }

    /// Sends a well-formed frame with the next sequence number.
    func send(
        _ header: FrameHeader, subject: String = "", body: String = "", attachments: [[UInt8]] = [],
        sequence: UInt64? = nil
    ) throws {
        var header = header
        let lane = Int(header.lane.rawValue)
        sequences[lane] += 1
        header.session = session
        header.sequence = sequence ?? sequences[lane]
        header.attachmentCount = UInt16(attachments.count)
        send(parts: [try header.head(subject: subject, body: Array(body.utf8))] + attachments, on: header.lane)
    }

    /// Says hello on every lane and waits for the welcomes.
    func greet(as identity: String) throws {
        let hello =
            #"{"identity":"\#(identity)","instance":"raw","subscriptions":[],"software":"test","#
            + #""heartbeatMilliseconds":1000,"leaseMilliseconds":5000}"#
        for lane in Lane.allCases {
            try send(FrameHeader(kind: .hello, lane: lane), body: hello)
        }
        for lane in Lane.allCases {
            let (header, body) = try receive(on: lane)
            guard header.kind == .welcome else { throw NeverHappened(what: "\(body) is a welcome") }
        }
    }

    /// The next message of `lane` that is not a heartbeat; attachments are passed over.
    func receive(on lane: Lane = .control) throws -> (header: FrameHeader, body: String) {
        while true {
            let message = try receiveAny(on: lane)
            if message.header.kind != .heartbeat { return message }
        }
    }

    /// The next message of `lane`; attachments are passed over.
    @discardableResult
    func receiveAny(on lane: Lane = .control) throws -> (header: FrameHeader, body: String) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let socket = sockets[Int(lane.rawValue)]
        let count = zmq_recv(socket, &buffer, buffer.count, 0)
        guard count >= 0 else { throw NeverHappened(what: "a message came on \(lane)") }
        var more: Int32 = 0
        var size = 4
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size)
        while more != 0 {
            var rest = [UInt8](repeating: 0, count: 64)
            zmq_recv(socket, &rest, rest.count, 0)
            zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size)
        }
        return try buffer.withUnsafeBytes { bytes in
            let head = UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(count)))
            let header = try FrameHeader(decoding: head, on: lane, limits: FrameLimits())
            if header.kind == .heartbeat { heartbeats += 1 }
            return (header, String(decoding: header.body(of: head), as: UTF8.self))
        }
    }

    /// The next message of the kind `kind` on `lane`; others are passed over.
    func receive(_ kind: FrameKind, on lane: Lane = .control) throws -> (header: FrameHeader, body: String) {
        while true {
            let message = try receive(on: lane)
            if message.header.kind == kind { return message }
        }
    }
}
