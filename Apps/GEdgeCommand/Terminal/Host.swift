/// What the process was given: a port, so that tests run commands without a process of their own.
public protocol Host: Sendable {
    var environment: [String: String] { get }
    /// Everything on standard input.
    /// - Throws: when it cannot be read or is larger than `limit` bytes.
    func standardInput(limit: Int) throws -> [UInt8]
}
