import Core
import DataSync
import Foundation
import HTTPKit
import Telemetry
import TestKit
import Testing

/// `Tests/peers/s3_server.py`, running: a real S3 server that checks signatures, with faults on demand.
final class ObjectServer: Sendable {
    static let bucket = "archive"
    /// Whether the tests that need it run.
    static let isHere = Python.has("moto.server", "werkzeug")

    let process: ChildProcess
    let port: Int
    let credentials: S3Credentials
    private let control = HTTPClient()

    /// - Parameter former: a server that was killed, whose port and keys this one takes.
    init(inPlaceOf former: ObjectServer? = nil) async throws {
        let arguments = former.map { ["\($0.port)", $0.credentials.accessKey, $0.credentials.secretKey.reveal()] }
        process = try ChildProcess([Python.interpreter, "-B", Python.peer("s3_server.py")] + (arguments ?? []))
        let words = try await process.firstLine().split(separator: " ").map(String.init)
        self.port = try #require(Int(words[0]))
        credentials = S3Credentials(accessKey: words[1], secretKey: Redacted(words[2]))
    }

    deinit { process.signal(SIGKILL) }

    var configuration: S3Configuration {
        var configuration = S3Configuration(endpoint: "http://127.0.0.1:\(port)", bucket: Self.bucket)
        configuration.retry = RetryPolicy(base: .milliseconds(5), maximum: .milliseconds(100), attempts: 6)
        return configuration
    }

    func store(
        _ configuration: S3Configuration? = nil, credentials: S3ObjectStore.Credentials? = nil,
        client: HTTPClient = HTTPClient()
    ) throws -> S3ObjectStore {
        try S3ObjectStore(
            configuration: configuration ?? self.configuration, credentials: credentials ?? .fixed(self.credentials),
            client: client)
    }

    /// What goes wrong with requests whose line begins with `match`.
    struct Fault: Encodable {
        var match: String
        var `do`: String
        var times = 1
        /// Requests before the first one it happens to.
        var after = 0
    }

    func set(_ faults: Fault...) async throws {
        let body = HTTPBytes(Array(try JSONEncoder().encode(faults)))
        _ = try await control.send(
            HTTPRequest(.put, "http://127.0.0.1:\(port)/-/faults", body: .bytes(body))
        ).body.collect(upTo: 1 << 20)
    }

    /// The requests so far, such as `PUT /archive/key`.
    func log() async throws -> [String] {
        let answer = try await control.send(HTTPRequest(.get, "http://127.0.0.1:\(port)/-/log"))
        return try JSONDecoder().decode([String].self, from: Data(try await answer.body.collect(upTo: 1 << 22)))
    }
}

extension ShardBytes {
    init(_ bytes: [UInt8]) { self = bytes.withUnsafeBytes { ShardBytes(copying: $0) } }

    var array: [UInt8] { withUnsafeBytes { Array($0) } }
}
