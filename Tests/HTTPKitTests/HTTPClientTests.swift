import Core
import Foundation
import HTTPKit
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Python.has("json"), "needs Python 3"))
struct HTTPClientTests {
    private func echo(_ response: HTTPResponse) async throws -> Echo {
        try JSONDecoder().decode(Echo.self, from: Data(try await response.body.collect(upTo: 1 << 20)))
    }

    @Test func everyMethodArrivesAsItWasSent() async throws {
        let server = try await Server()
        let client = HTTPClient()
        for method in [HTTPMethod.get, .put, .post, .delete] {
            let takesBody = method == .put || method == .post
            let answer = try await client.send(
                HTTPRequest(
                    method, server.url("/echo?b=2&a=%2F"), headers: ["X-One": "1", "X-Empty": ""],
                    body: takesBody ? .bytes(HTTPBytes(Array("abc".utf8))) : .none))
            #expect(answer.status == 200)
            let told = try await echo(answer)
            #expect(told.method == method.rawValue)
            #expect(told.target == "/echo?b=2&a=%2F")
            #expect(told.values("x-one") == ["1"] && told.values("x-empty") == [""])
            #expect(told.values("expect").isEmpty && told.values("content-type").isEmpty)
            #expect(told.bytes == (takesBody ? 3 : 0))
        }
        let head = try await client.send(HTTPRequest(.head, server.url("/echo")))
        #expect(head.status == 200 && (head.contentLength ?? 0) > 0)
        #expect(try await head.body.collect(upTo: 0).isEmpty)
    }

    @Test func aConnectionIsUsedAgain() async throws {
        let server = try await Server()
        let client = HTTPClient()
        for _ in 0..<20 {
            let told = try await echo(try await client.send(HTTPRequest(.get, server.url("/echo"))))
            #expect(told.connections == 1)
        }
    }

    @Test func aBodyOfUnknownLengthStreams() async throws {
        let server = try await Server()
        let client = HTTPClient()
        let piece = [UInt8](repeating: 7, count: 100_000)
        for length in [nil, 5_000_000] as [Int?] {
            let body = HTTPRequest.Body.stream(length: length) { writer in
                for _ in 0..<50 { try await writer.write(piece) }
            }
            let told = try await echo(try await client.send(HTTPRequest(.put, server.url("/echo"), body: body)))
            #expect(told.bytes == 5_000_000)
            #expect(told.values("transfer-encoding") == (length == nil ? ["chunked"] : []))
        }
    }

    @Test func aSlowReaderOfABodyHoldsTheWriterBack() async throws {
        let server = try await Server()
        let client = HTTPClient()
        let written = Counter()
        let total = 400
        async let response = client.send(
            HTTPRequest(
                .put, server.url("/slow-reader"),
                body: .stream(length: total * 100_000) { writer in
                    for _ in 0..<total {
                        try await writer.write([UInt8](repeating: 1, count: 100_000))
                        written.increment()
                    }
                }))
        // Kernel buffers take some MB; then the writer waits. It would have written 40 MB otherwise.
        await written.settle()
        #expect(written.value < total / 2)
        _ = try await client.send(HTTPRequest(.get, server.url("/release")))
        #expect(try await echo(try await response).bytes == total * 100_000)
    }

    @Test func aSlowReaderOfAnAnswerHoldsTheServerBack() async throws {
        let server = try await Server()
        var configuration = HTTPClientConfiguration()
        configuration.receiveBufferBytes = 64 << 10
        let client = HTTPClient(configuration: configuration)
        let size = 64 << 20
        let before = residentBytes()
        let answer = try await client.send(HTTPRequest(.get, server.url("/big?bytes=\(size)")))
        let first = try #require(try await answer.body.next())
        // Other requests go on meanwhile.
        _ = try await client.send(HTTPRequest(.get, server.url("/echo"))).body.collect(upTo: 1 << 20)
        #expect(residentBytes() - before < size / 2)
        var received = first.count
        while let bytes = try await answer.body.next() { received += bytes.count }
        #expect(received == size)
    }

    @Test func chunksArriveWhole() async throws {
        let server = try await Server()
        let client = HTTPClient()
        let answer = try await client.send(HTTPRequest(.get, server.url("/chunked?chunks=2000")))
        let expected = (0..<2000).flatMap { [UInt8](repeating: UInt8($0 % 256), count: $0 % 3000 + 1) }
        #expect(try await answer.body.collect(upTo: 1 << 23) == expected)
        await expectError(.connection, retriable: true) {
            try await client.send(HTTPRequest(.get, server.url("/chunked?chunks=20&cut=1"))).body.collect(upTo: 1 << 23)
        }
    }

    @Test func anAnswerThatEndsTooEarlyIsAnError() async throws {
        let server = try await Server()
        let client = HTTPClient()
        await expectError(.connection, retriable: true) {
            try await client.send(HTTPRequest(.get, server.url("/cut"))).body.collect(upTo: 1000)
        }
        await expectError(.connection, retriable: true) {
            try await client.send(HTTPRequest(.get, server.url("/hang-up?name=a")))
        }
    }

    @Test func largeOrWrongAnswersAreRefused() async throws {
        let server = try await Server()
        let client = HTTPClient()
        for path in ["/huge-header", "/many-headers"] {
            await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(.get, server.url(path))) }
        }
        await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(.get, server.url("/garbage"))) }
        await expectError(.tooLarge, retriable: false) {
            try await client.send(HTTPRequest(.get, server.url("/big?bytes=100000"))).body.collect(upTo: 99_999)
        }
        // The client is as good as before.
        #expect(try await client.send(HTTPRequest(.get, server.url("/echo"))).status == 200)
    }

    @Test func aRefusalBeforeTheBodyIsWholeIsTheAnswer() async throws {
        let server = try await Server()
        let client = HTTPClient()
        let answer = try await client.send(
            HTTPRequest(
                .put, server.url("/refuse-early"),
                body: .stream(length: nil) { writer in
                    while true { try await writer.write([UInt8](repeating: 0, count: 65536)) }
                }))
        #expect(answer.status == 413)
    }

    @Test func aWritersErrorEndsTheRequest() async throws {
        struct Broken: Error {}
        let server = try await Server()
        let client = HTTPClient()
        await #expect(throws: Broken.self) {
            try await client.send(
                HTTPRequest(.put, server.url("/echo"), body: .stream(length: 1000) { _ in throw Broken() }))
        }
        await #expect(throws: HTTPError.self) {
            try await client.send(
                HTTPRequest(
                    .put, server.url("/echo"), body: .stream(length: 1000) { try await $0.write([1, 2, 3]) }))
        }
    }
}

/// Expects an `HTTPError` of a kind, whose text holds no query.
func expectError(
    _ kind: HTTPError.Kind, retriable: Bool, _ location: Testing.SourceLocation = #_sourceLocation,
    _ body: () async throws -> some Any
) async {
    do {
        _ = try await body()
        Issue.record("no error was thrown", sourceLocation: location)
    } catch let error as HTTPError {
        #expect(error.kind == kind, "\(error)", sourceLocation: location)
        #expect(error.isRetriable == retriable, "\(error)", sourceLocation: location)
        #expect(!error.description.contains("?"), "\(error)", sourceLocation: location)
    } catch { Issue.record(error, sourceLocation: location) }
}
