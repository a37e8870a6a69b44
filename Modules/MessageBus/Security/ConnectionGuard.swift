import CZeroMQ
import Glibc
import Telemetry

/// Watches the connections of one listening `tcp` socket by its monitor, and cuts those that send without ever finishing a
/// message. Used by one thread at a time: the one that makes it, then the authenticator's.
final class ConnectionGuard: @unchecked Sendable {
    // @unchecked: see above.
    let monitor: UnsafeMutableRawPointer
    private let domain: AuthenticationDomain
    private let port: UInt16
    private var watch: ConnectionWatch
    /// Descriptors from this one on are kept free for this machine's own: libzmq aborts the process when it has none for a
    /// connection over `ipc`. The kernel gives the lowest one that is free, so its number tells how many are in use.
    private let lastDescriptor: Int32

    /// Begins to watch `socket`, which is bound; call it on the thread that owns the socket.
    /// - Parameter limit: bytes that may arrive by one connection between two messages.
    init(
        _ socket: UnsafeMutableRawPointer, context: UnsafeMutableRawPointer, domain: AuthenticationDomain, limit: Int
    ) throws(SecurityError) {
        self.domain = domain
        watch = ConnectionWatch(limit: UInt64(max(0, limit)))
        port = try Self.port(of: socket)
        var descriptors = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors)
        lastDescriptor = Int32(clamping: descriptors.rlim_cur - descriptors.rlim_cur / 4)
        let endpoint = "inproc://gedge-guard-\(UInt(bitPattern: socket))-\(UInt64.random(in: 0...(.max)))"
        let events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | Self.failures.reduce(0, |)
        guard zmq_socket_monitor(socket, endpoint, events) == 0,
            let monitor = zmq_socket(context, ZMQ_PAIR)
        else {
            let error = Self.error("cannot watch a listening socket")
            zmq_socket_monitor(socket, nil, 0)
            throw error
        }
        // libzmq's thread announces with a send that waits for room: there must always be some, and a reader.
        var none: Int32 = 0
        guard zmq_setsockopt(monitor, ZMQ_LINGER, &none, MemoryLayout<Int32>.size) == 0,
            zmq_setsockopt(monitor, ZMQ_RCVHWM, &none, MemoryLayout<Int32>.size) == 0,
            zmq_connect(monitor, endpoint) == 0
        else {
            let error = Self.error("cannot watch a listening socket")
            zmq_socket_monitor(socket, nil, 0)
            zmq_close(monitor)
            throw error
        }
        self.monitor = monitor
    }

    /// How long until the next look, in milliseconds, or -1 when there is nothing to look at.
    var pause: Int {
        if watch.isEmpty { return -1 }
        return watch.isAlarmed ? 20 : domain == .enrolment ? 50 : 200
    }

    /// What libzmq tells of connections that ended before they had greeted; those that are not admitted the authenticator counts.
    private static let failures = [ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL]

    /// Takes the events that wait: connections that came and went.
    /// - Returns: how many were cut because three quarters of the process's descriptors are in use, and how many ended before
    ///   they had greeted.
    func takeEvents() -> (cut: Int, ungreeted: Int) {
        var cut = 0
        var ungreeted = 0
        while let (event, value) = nextEvent() {
            if Self.failures.contains(Int32(event)) {
                ungreeted += 1
                continue
            }
            let descriptor = Int32(truncatingIfNeeded: value)
            if Int32(event) != ZMQ_EVENT_ACCEPTED {
                watch.end(descriptor)
            } else if descriptor < lastDescriptor {
                watch.begin(descriptor)
            } else if isOurs(descriptor) {
                shutdown(descriptor, Int32(SHUT_RDWR))
                cut += 1
            }
        }
        return (cut, ungreeted)
    }

    /// Looks at every connection.
    /// - Parameter deliveries: how many messages a connection has delivered.
    /// - Returns: how many were cut.
    func check(deliveries: (Int32) -> UInt64) -> Int {
        var cut = 0
        for descriptor in watch.descriptors {
            // The descriptor may be someone else's by now, when the event that says so is still on its way.
            guard isOurs(descriptor), let received = Self.received(descriptor) else {
                watch.end(descriptor)
                continue
            }
            if watch.check(descriptor, received: received, deliveries: deliveries(descriptor)) {
                shutdown(descriptor, Int32(SHUT_RDWR))
                watch.end(descriptor)
                cut += 1
            }
        }
        return cut
    }

    var label: String { domain.rawValue }

    /// Stops watching. Only after the watched socket's announcements have ended, with `zmq_socket_monitor(socket, nil, 0)`:
    /// libzmq's thread would wait for a reader for good.
    func close() { zmq_close(monitor) }

    /// An event is a part of 6 bytes, a number of 16 bits and a value of 32, and a part with the address.
    private func nextEvent() -> (event: UInt16, value: UInt32)? {
        var bytes = [UInt8](repeating: 0, count: 256)
        guard zmq_recv(monitor, &bytes, bytes.count, ZMQ_DONTWAIT) == 6 else { return nil }
        var address = [UInt8](repeating: 0, count: 256)
        guard zmq_recv(monitor, &address, address.count, ZMQ_DONTWAIT) >= 0 else { return nil }
        return bytes.withUnsafeBytes {
            ($0.loadUnaligned(as: UInt16.self), $0.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        }
    }

    private func isOurs(_ descriptor: Int32) -> Bool {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard status == 0, [AF_INET, AF_INET6].contains(Int32(address.ss_family)) else { return false }
        // Both families keep the port, in network order, in the two bytes after the family.
        return withUnsafeBytes(of: &address) { $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self).byteSwapped }
            == port
    }

    /// Bytes that a TCP connection has received in order, as the kernel counts them.
    private static func received(_ descriptor: Int32) -> UInt64? {
        // `tcpi_bytes_received` of <linux/tcp.h>, which glibc's `struct tcp_info` lacks.
        let offset = 128
        var info = [UInt8](repeating: 0, count: 256)
        var size = socklen_t(info.count)
        guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &size) == 0, Int(size) >= offset + 8 else {
            return nil
        }
        return info.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }

    private static func port(of socket: UnsafeMutableRawPointer) throws(SecurityError) -> UInt16 {
        var text = [CChar](repeating: 0, count: 512)
        var size = text.count
        guard zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, &text, &size) == 0 else {
            throw error("cannot tell where a socket listens")
        }
        let endpoint = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw SecurityError(.native, "'\(endpoint)' is no tcp address")
        }
        return port
    }

    private static func error(_ what: String) -> SecurityError {
        SecurityError(.native, "\(what) (\(String(cString: zmq_strerror(zmq_errno()))))")
    }
}
