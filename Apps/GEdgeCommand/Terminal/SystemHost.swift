import Glibc

/// The process itself.
public struct SystemHost: Host {
    public let environment: [String: String]

    public init() {
        var variables: [String: String] = [:]
        var entry = environ
        while let pointer = entry.pointee {
            let parts = String(cString: pointer).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        environment = variables
    }

    public func standardInput(limit: Int) throws -> [UInt8] {
        try FileText.read(descriptor: STDIN_FILENO, name: "standard input", limit: limit)
    }
}
