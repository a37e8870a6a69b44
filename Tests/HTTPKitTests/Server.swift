import Foundation
import TestKit
import Testing

/// `Tests/peers/http_server.py`, running.
final class Server: Sendable {
    let process: ChildProcess
    let port: Int
    private let scheme: String

    /// - Parameter certificate: files of a certificate and its key, to speak TLS.
    init(certificate: (file: String, key: String)? = nil) async throws {
        let arguments = certificate.map { [$0.file, $0.key] } ?? []
        process = try ChildProcess([Python.interpreter, "-B", Python.peer("http_server.py")] + arguments)
        port = try #require(Int(try await process.firstLine()))
        scheme = certificate == nil ? "http" : "https"
    }

    deinit { process.signal(SIGKILL) }

    func url(_ path: String) -> String { "\(scheme)://localhost:\(port)\(path)" }
}

/// What `/echo` tells.
struct Echo: Decodable {
    var method: String
    var target: String
    var fields: [[String]]
    var bytes: Int
    var sha256: String
    var connections: Int

    func values(_ name: String) -> [String] { fields.filter { $0[0].lowercased() == name.lowercased() }.map { $0[1] } }
}
