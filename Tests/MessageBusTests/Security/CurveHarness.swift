import CZeroMQ
import Core
import MessageBus
import Testing

/// A ZeroMQ context with CURVE sockets for tests of the authenticator. All calls block for at most `patience`; use it on
/// a thread of its own.
final class CurveHarness: @unchecked Sendable {
    // @unchecked: each test uses it from one thread at a time.
    let context: UnsafeMutableRawPointer
    let serverKeys: KeyPair
    /// What the clients expect the server to prove.
    private let serverKey: PublicKey
    private var sockets: [UnsafeMutableRawPointer] = []
    private static let patience: Int32 = 10_000

    struct NativeError: Error { let what: String }

    /// - Parameter serverKey: the key of a server elsewhere; otherwise the clients expect the harness's own.
    init(serverKey: PublicKey? = nil) throws {
        context = try #require(zmq_ctx_new())
        serverKeys = try KeyPair.generate()
        self.serverKey = serverKey ?? serverKeys.publicKey
    }

    deinit {
        for socket in sockets { zmq_close(socket) }
        zmq_ctx_term(context)
    }

    /// Runs a blocking test body on a thread of its own.
    static func run<Result: Sendable>(_ body: @escaping @Sendable (CurveHarness) throws -> Result) async throws
        -> Result
    {
        try await ThreadExecutor(name: "curve-test").run { try body(CurveHarness()) }
    }

    func closeSockets() {
        for socket in sockets { zmq_close(socket) }
        sockets = []
    }

    func socket(_ type: Int32) throws -> UnsafeMutableRawPointer {
        let socket = try #require(zmq_socket(context, type))
        sockets.append(socket)
        try set(socket, ZMQ_LINGER, 0)
        try set(socket, ZMQ_RCVTIMEO, Self.patience)
        try set(socket, ZMQ_SNDTIMEO, Self.patience)
        return socket
    }

    /// A listening ROUTER and its address.
    func server(domain: String) throws -> (socket: UnsafeMutableRawPointer, address: String) {
        let server = try socket(ZMQ_ROUTER)
        try set(server, ZMQ_CURVE_SERVER, 1)
        try check(serverKeys.withSecretZ85 { zmq_setsockopt(server, ZMQ_CURVE_SECRETKEY, $0, 41) })
        try check(zmq_setsockopt(server, ZMQ_ZAP_DOMAIN, domain, domain.utf8.count))
        try check(zmq_bind(server, "tcp://127.0.0.1:*"))
        var text = [CChar](repeating: 0, count: 256)
        var size = text.count
        try check(zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, &text, &size))
        return (server, String(decoding: text.prefix(size - 1).map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// A DEALER that has begun to connect with `keys`, and its monitor.
    func client(
        _ keys: KeyPair, to address: String
    ) throws -> (socket: UnsafeMutableRawPointer, monitor: UnsafeMutableRawPointer) {
        let client = try socket(ZMQ_DEALER)
        try check(zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, serverKey.z85, 41))
        try check(zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, keys.publicKey.z85, 41))
        try check(keys.withSecretZ85 { zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, $0, 41) })
        let endpoint = "inproc://monitor-\(UInt(bitPattern: client))"
        let events =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
        try check(zmq_socket_monitor(client, endpoint, events))
        let monitor = try socket(ZMQ_PAIR)
        try check(zmq_connect(monitor, endpoint))
        try check(zmq_connect(client, address))
        return (client, monitor)
    }

    /// The next outcome of a handshake: `"200"` for success, otherwise the ZAP status; `nil` when none comes in time.
    func outcome(_ monitor: UnsafeMutableRawPointer, within milliseconds: Int32 = patience) throws -> String? {
        try set(monitor, ZMQ_RCVTIMEO, milliseconds)
        guard let event = receive(monitor).first, event.count == 6 else { return nil }
        let (kind, value) = event.withUnsafeBytes {
            ($0.loadUnaligned(as: UInt16.self), $0.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        }
        return kind == UInt16(ZMQ_EVENT_HANDSHAKE_SUCCEEDED) ? "200" : String(value)
    }

    func send(_ socket: UnsafeMutableRawPointer, _ parts: [[UInt8]]) throws {
        for (index, part) in parts.enumerated() {
            let flags = index + 1 < parts.count ? ZMQ_SNDMORE : 0
            try check(zmq_send(socket, part, part.count, flags))
        }
    }

    /// The parts of the next message; none when it does not come in time.
    func receive(_ socket: UnsafeMutableRawPointer) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var more = true
        while more {
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            defer { zmq_msg_close(&message) }
            guard zmq_msg_recv(&message, socket, 0) >= 0 else { return [] }
            parts.append(Array(UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))))
            more = zmq_msg_more(&message) != 0
        }
        return parts
    }

    /// The name and the key that the next message's connection carries; its further parts are thrown away.
    func sender(_ socket: UnsafeMutableRawPointer) -> [String] {
        var message = zmq_msg_t()
        zmq_msg_init(&message)
        defer { zmq_msg_close(&message) }
        guard zmq_msg_recv(&message, socket, 0) >= 0 else { return [] }
        let properties = [ConnectionProperty.userID, ConnectionProperty.key].compactMap { (name: String) in
            zmq_msg_gets(&message, name).map { String(cString: $0) }
        }
        if zmq_msg_more(&message) != 0 { _ = receive(socket) }
        return properties
    }

    func set(_ socket: UnsafeMutableRawPointer, _ option: Int32, _ value: Int32) throws {
        var value = value
        try check(zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size))
    }

    func check(_ status: Int32) throws {
        if status < 0 { throw NativeError(what: String(cString: zmq_strerror(zmq_errno()))) }
    }
}
