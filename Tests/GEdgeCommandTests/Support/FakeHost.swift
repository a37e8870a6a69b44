@testable import GEdgeCommand

/// A process with this environment and standard input.
struct FakeHost: Host {
    var environment: [String: String] = [:]
    var input = ""

    func standardInput(limit: Int) throws -> [UInt8] { Array(input.utf8) }
}
