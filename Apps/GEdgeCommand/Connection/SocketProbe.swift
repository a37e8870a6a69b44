import Glibc

/// Finds out at once whether anything listens on a socket of this machine, where ZeroMQ would keep trying.
enum SocketProbe {
    /// - Parameter endpoint: a ZeroMQ endpoint, `ipc://PATH`.
    /// - Throws: `CommandError` with the code `unreachable`, which says what was tried and why it failed.
    static func check(_ endpoint: String, daemon: String = "core", remedy: String) throws {
        let path = String(endpoint.dropFirst("ipc://".count))
        func unreachable(_ reason: String) -> CommandError {
            CommandError("unreachable", "no \(daemon) answers at \(path): \(reason)", remedy: remedy)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard bytes.count <= room else {
            throw CommandError(
                "unreachable",
                "the path of a socket has at most \(room) bytes, and \(path) has \(bytes.count); "
                    + "use a state directory with a shorter path")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw unreachable(SystemError.text(errno)) }
        defer { close(descriptor) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if status == 0 { return }
        switch errno {
        case ENOENT: throw unreachable("there is no such socket")
        case ECONNREFUSED: throw unreachable("nothing listens there any more")
        case EACCES: throw unreachable("permission denied; use the account under which the \(daemon) runs")
        case let number: throw unreachable(SystemError.text(number))
        }
    }
}
