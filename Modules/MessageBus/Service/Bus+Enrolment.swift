public import Contracts
import Core
import CZeroMQ
import FoundationEssentials

extension Bus {
    /// Decides who asks to be enrolled, on the enrolment socket of a `tcp` listener. Whoever asks has proved that it holds
    /// the secret half of the key that the handler gets; `Inbound.peer` is that key in Z85. Call it before `run`.
    ///
    /// Strangers are let through slowly, and more slowly when the handler throws.
    public func onEnrolment(
        _ handler: @escaping @Sendable (Inbound<EnrolRequest>, PublicKey) async throws -> EnrolReply
    ) {
        loop.perform { $0.enrolment = EnrolmentDesk(decide: handler) }
    }

    /// Asks the listener at `address` to enrol the key `keys`, before there is a bus.
    /// - Parameters:
    ///   - address: the listener's address, whose enrolment socket is three ports above.
    ///   - serverKey: what the listener must prove to be.
    /// - Throws: `BusError` with the listener's own code when it refuses; `unreachable` when it does not answer within
    ///   `timeout`, which is also what happens while it expects nobody.
    public static func enrol(
        address: BusAddress, serverKey: PublicKey, keys: KeyPair, request: EnrolRequest,
        timeout: Duration = .seconds(10)
    ) async throws -> EnrolReply {
        guard let endpoint = address.enrolmentEndpoint else {
            throw BusError(.invalidAddress, "'\(address)' enrols nobody: only tcp listeners do")
        }
        let body = try MessageBody.encode(request, subject: Enrolment.enrol.subject, limit: 4096)
        // A thread of its own for the one blocking question.
        let thread = ThreadExecutor(name: "gedge-enrol")
        return try await thread.run {
            let socket = try Socket(BusContext(), kind: ZMQ_DEALER)
            try socket.set(ZMQ_MAXMSGSIZE, large: Int64(EnrolmentDesk.maximumFrameBytes))
            try socket.set(ZMQ_IPV6, 1)
            try socket.set(ZMQ_CURVE_SERVERKEY, serverKey.z85)
            try socket.set(ZMQ_CURVE_PUBLICKEY, keys.publicKey.z85)
            try socket.set(secretKey: keys)
            let milliseconds = Int32(clamping: max(1, timeout.milliseconds))
            try socket.set(ZMQ_RCVTIMEO, milliseconds)
            try socket.set(ZMQ_SNDTIMEO, milliseconds)
            try socket.connect(endpoint)
            return try exchange(body, over: socket, address, timeout)
        }
    }

    private static func exchange(
        _ body: Data, over socket: Socket, _ address: BusAddress, _ timeout: Duration
    ) throws -> EnrolReply {
        let header = FrameHeader(kind: .request, lane: .control, session: 1, sequence: 1, correlation: 1)
        let head = try header.head(subject: Enrolment.enrol.subject, body: [UInt8](body))
        let unreachable = BusError(
            .unreachable,
            "\(address) did not answer within \(timeout); is the core running, is its key the token's, "
                + "and is there a token that was not used?")
        while zmq_send(socket.pointer, head, head.count, 0) < 0 {
            guard zmq_errno() == EINTR else { throw unreachable }
        }
        var buffer = [UInt8](repeating: 0, count: EnrolmentDesk.maximumFrameBytes)
        var count: Int32 = -1
        repeat { count = zmq_recv(socket.pointer, &buffer, buffer.count, 0) } while count < 0 && zmq_errno() == EINTR
        guard count >= 0 else { throw unreachable }
        return try buffer.withUnsafeBytes { buffer in
            let head = UnsafeRawBufferPointer(rebasing: buffer.prefix(Int(count)))
            let header = try FrameHeader(decoding: head, on: .control, limits: FrameLimits())
            let body = MessageBody.encoded(Data(header.body(of: head)))
            guard header.kind == .reply else {
                throw BusError(try body.decode(Failure.self, subject: "failure"), from: .core)
            }
            return try body.decode(EnrolReply.self, subject: Enrolment.enrol.subject)
        }
    }
}
