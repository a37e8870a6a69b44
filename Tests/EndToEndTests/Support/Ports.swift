import Glibc
import Synchronization

/// Blocks of four neighbouring ports that nothing listens on, each handed out once per process.
enum Ports {
    private static let next = Mutex<UInt16>(20_000 + UInt16(getpid() % 500) * 40)

    static func block() throws -> UInt16 {
        try next.withLock { next in
            for _ in 0..<2_000 {
                let base = next
                next = next >= 60_000 ? 20_000 : next + 4
                if (base..<base + 4).allSatisfy(isFree) { return base }
            }
            throw NoPorts()
        }
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(file) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private struct NoPorts: Error, CustomStringConvertible {
        var description: String { "no four neighbouring ports are free" }
    }
}
