import Glibc
import Testing

/// A connection that speaks ZMTP 3.0 as far as a frame's head, and sends nothing of the frame.
final class Announcer: Sendable {
    private let descriptor: Int32

    /// Connects and shakes hands, without encryption.
    /// - Parameter endpoint: `ipc://` and a path.
    init(_ endpoint: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(endpoint.dropFirst("ipc://".count).utf8)
        try #require(path.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0)
        // Signature, version 3.0, mechanism, not a server, filler.
        let greeting: [UInt8] = [0xff] + Array(repeating: 0, count: 8) + [0x7f, 3, 0]
        let mechanism = Array("NULL".utf8) + Array(repeating: 0, count: 16)
        try send(greeting + mechanism + Array(repeating: 0, count: 32))
        _ = try receive(64)
        let type = Array("Socket-Type".utf8), value = Array("DEALER".utf8)
        let ready = [5] + Array("READY".utf8) + [UInt8(type.count)] + type + [0, 0, 0, UInt8(value.count)] + value
        try send([4, UInt8(ready.count)] + ready)
        let head = try receive(2)
        try #require(head[0] == 4, "a short command")
        let answer = try receive(Int(head[1]))
        try #require(answer.starts(with: [5] + Array("READY".utf8)))
    }

    deinit { close(descriptor) }

    /// Sends the head of a message of so many bytes.
    func announce(_ count: UInt64) throws {
        try send([2] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: count >> (8 * $0)) })
    }

    /// Waits until the other side has closed the connection.
    func waitUntilHungUp() throws {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return }
            try #require(count > 0 || errno == EINTR)
        }
    }

    private func send(_ bytes: [UInt8]) throws {
        try #require(Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    private func receive(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try #require(recv(descriptor, &bytes, count, Int32(MSG_WAITALL)) == count)
        return bytes
    }
}
