import Foundation
import HTTPKit
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Python.has("ssl") && hasOpenSSL(), "needs Python 3 and openssl"))
struct TLSTests {
    /// A certificate for `name` that is its own authority.
    private func certificate(for name: String, in directory: TemporaryDirectory) async throws -> (
        file: String, key: String
    ) {
        let file = directory.file("\(name).pem")
        let key = directory.file("\(name).key")
        let made = try await ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)", "-keyout", key, "-out", file,
        ])
        #expect(made.status == 0, "\(made.standardError)")
        return (file, key)
    }

    @Test func certificatesAreVerified() async throws {
        let directory = try TemporaryDirectory()
        let ours = try await certificate(for: "localhost", in: directory)
        let server = try await Server(certificate: ours)
        await expectError(.tls, retriable: false) {
            try await HTTPClient().send(HTTPRequest(.get, server.url("/echo")))
        }
        var configuration = HTTPClientConfiguration()
        configuration.authorityFile = ours.file
        let client = HTTPClient(configuration: configuration)
        #expect(try await client.send(HTTPRequest(.get, server.url("/echo"))).status == 200)
    }

    @Test func aConnectionThatClosesWhileItIsWrittenToHarmsNobody() async throws {
        let directory = try TemporaryDirectory()
        let ours = try await certificate(for: "localhost", in: directory)
        let server = try await Server(certificate: ours)
        var configuration = HTTPClientConfiguration()
        configuration.authorityFile = ours.file
        let client = HTTPClient(configuration: configuration)
        for _ in 0..<20 {
            let body = HTTPBytes([UInt8](repeating: 1, count: 4 << 20))
            await #expect(throws: HTTPError.self) {
                try await client.send(HTTPRequest(.put, server.url("/slam"), body: .bytes(body)))
            }
        }
        #expect(try await client.send(HTTPRequest(.get, server.url("/echo"))).status == 200)
    }

    @Test func aCertificateForAnotherNameIsRefused() async throws {
        let directory = try TemporaryDirectory()
        let other = try await certificate(for: "other.example", in: directory)
        let server = try await Server(certificate: other)
        var configuration = HTTPClientConfiguration()
        configuration.authorityFile = other.file
        let client = HTTPClient(configuration: configuration)
        await expectError(.tls, retriable: false) { try await client.send(HTTPRequest(.get, server.url("/echo"))) }
    }
}

private func hasOpenSSL() -> Bool {
    // Without the program the tests are skipped by name.
    (try? ChildProcess.runToEnd(["openssl", "version"]).status) == 0
}
