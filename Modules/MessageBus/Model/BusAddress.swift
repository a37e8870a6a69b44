public import Contracts

/// Where a bus listens: one address that stands for a socket per lane.
///
/// - `tcp://127.0.0.1:7700`: control on 7700, model on 7701, bulk on 7702, enrolment on 7703. Port 0 lets the listener
///   choose four neighbouring free ports; `Bus.listen` returns which.
/// - `ipc:///run/gedge/core`: files `core.control`, `core.model`, `core.bulk` in `/run/gedge`, whose mode must be 0700.
/// - `inproc://name`: within one process, among buses that share a `BusContext`.
public struct BusAddress: Sendable, Hashable, CustomStringConvertible {
    /// The way the bytes go.
    public enum Transport: Sendable, Hashable {
        case tcp(host: String, port: Int)
        case ipc(path: String)
        case inproc(name: String)
    }

    /// How many neighbouring ports a `tcp` listener uses.
    public static let portCount = 4
    /// The longest path of a socket's file that Linux takes (`sun_path` without its final zero).
    private static let maximumPathBytes = 107

    public let transport: Transport

    /// Reads an address such as `tcp://127.0.0.1:7700`.
    /// - Throws: `BusError` `invalid-address` that says what is wrong and how it should look.
    public init(_ text: String) throws(BusError) {
        func invalid(_ reason: String) -> BusError {
            BusError(.invalidAddress, "'\(text.prefix(200))' is not a bus address: \(reason)")
        }
        guard let separator = text.firstRange(of: "://") else {
            throw invalid("it must start with tcp://, ipc:// or inproc://")
        }
        let rest = String(text[separator.upperBound...])
        switch text[..<separator.lowerBound] {
        case "tcp":
            guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]) else {
                throw invalid("write tcp://HOST:PORT, such as tcp://127.0.0.1:7700")
            }
            let host = String(rest[..<colon])
            guard !host.isEmpty, !host.contains(where: { $0 == "/" || $0 == ";" || $0.isWhitespace }) else {
                throw invalid("the host is missing or holds a character that no host has")
            }
            guard host.hasPrefix("[") == host.hasSuffix("]"), host.hasPrefix("[") || !host.contains(":") else {
                throw invalid("write an IPv6 address in brackets, such as tcp://[::1]:7700")
            }
            guard port == 0 || (1...(65_535 - Self.portCount + 1)).contains(port) else {
                throw invalid("the port must lie between 1 and \(65_535 - Self.portCount + 1), because four are used")
            }
            transport = .tcp(host: host, port: port)
        case "ipc":
            guard rest.hasPrefix("/"), !rest.hasSuffix("/") else {
                throw invalid("write ipc:// and an absolute path, such as ipc:///run/gedge/core")
            }
            guard rest.utf8.count + ".control".utf8.count <= Self.maximumPathBytes else {
                throw invalid("the path is longer than a socket's path may be; use a shorter directory")
            }
            transport = .ipc(path: rest)
        case "inproc":
            guard !rest.isEmpty, rest.utf8.count <= 200 else { throw invalid("write inproc:// and a name") }
            transport = .inproc(name: rest)
        case let scheme: throw invalid("'\(scheme)' is not one of tcp, ipc, inproc")
        }
    }

    init(transport: Transport) { self.transport = transport }

    public var description: String {
        switch transport {
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        case .ipc(let path): "ipc://\(path)"
        case .inproc(let name): "inproc://\(name)"
        }
    }

    /// The ZeroMQ endpoint of one lane.
    public func endpoint(_ lane: Lane) -> String {
        switch transport {
        case .tcp(let host, let port): "tcp://\(host):\(port + Int(lane.rawValue))"
        case .ipc(let path): "ipc://\(path).\(lane)"
        case .inproc(let name): "inproc://\(name).\(lane)"
        }
    }

    /// The ZeroMQ endpoint where an edge without an enrolled key may ask to be enrolled: `tcp` only.
    public var enrolmentEndpoint: String? {
        if case .tcp(let host, let port) = transport { "tcp://\(host):\(port + 3)" } else { nil }
    }

    /// Whether `host` is a number of 127.0.0.0/8, written in full: a name may begin with `127.` as well.
    private static func isLoopbackIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool {
        switch transport {
        case .tcp(let host, _): host == "localhost" || host == "[::1]" || Self.isLoopbackIPv4(host)
        case .ipc, .inproc: true
        }
    }
}
