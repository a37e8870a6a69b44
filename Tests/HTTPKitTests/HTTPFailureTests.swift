import Core
import Foundation
import HTTPKit
import Telemetry
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2)), .enabled(if: Python.has("json"), "needs Python 3"))
struct HTTPFailureTests {
    @Test func silenceTimesOutOnTheClientsClock() async throws {
        let server = try await Server()
        let clock = ManualClock()
        let client = HTTPClient(clock: clock)
        async let silent: Void = expectError(.timedOut, retriable: true) {
            try await client.send(HTTPRequest(.get, server.url("/silent?secret=1")))
        }
        await clock.waitForSleepers()
        clock.advance(by: .seconds(31))
        await silent

        let stalled = try await client.send(HTTPRequest(.get, server.url("/stall")))
        #expect(try await stalled.body.next() == Array("0123456789".utf8))
        async let next: Void = expectError(.timedOut, retriable: true) { try await stalled.body.next() }
        await clock.waitForSleepers()
        clock.advance(by: .seconds(31))
        await next
    }

    @Test func aRequestMayTakeSoLongInAll() async throws {
        let server = try await Server()
        let clock = ManualClock()
        let client = HTTPClient(clock: clock)
        var request = HTTPRequest(.get, server.url("/silent"))
        request.idleTimeout = .seconds(1000)
        request.timeout = .seconds(5)
        async let late: Void = expectError(.timedOut, retriable: true) { [request] in try await client.send(request) }
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(5))
        await late
    }

    @Test func onlyIdempotentRequestsAreTriedAgain() async throws {
        let server = try await Server()
        let client = HTTPClient()
        let policy = RetryPolicy(base: .milliseconds(1), maximum: .milliseconds(2), attempts: 4)
        let answer = try await client.send(HTTPRequest(.put, server.url("/flaky?name=put&times=3"), retry: policy))
        #expect(answer.status == 200)
        let refused = try await client.send(HTTPRequest(.get, server.url("/flaky?name=get&times=9"), retry: policy))
        #expect(refused.status == 503)
        let posted = try await client.send(HTTPRequest(.post, server.url("/flaky?name=post&times=1"), retry: policy))
        #expect(posted.status == 503)
        await expectError(.connection, retriable: true) {
            try await client.send(HTTPRequest(.get, server.url("/hang-up?name=hang"), retry: policy))
        }
        await expectError(.connection, retriable: true) {
            try await client.send(HTTPRequest(.post, server.url("/hang-up?name=hang-post"), retry: policy))
        }
        let body = try await client.send(HTTPRequest(.get, server.url("/counts"))).body.collect(upTo: 1000)
        let counts = try JSONDecoder().decode([String: Int].self, from: Data(body))
        #expect(counts["put"] == 4 && counts["get"] == 4 && counts["post"] == 1)
        // libcurl itself sends once more, each time, when it finds a connection that it kept closed.
        #expect((4...8).contains(counts["hang"] ?? 0))
        #expect(counts["hang-post"] == 1)
    }

    @Test func retryAfterIsHonoured() async throws {
        let server = try await Server()
        let clock = ManualClock()
        let client = HTTPClient(clock: clock)
        let policy = RetryPolicy(base: .milliseconds(1), maximum: .seconds(20), attempts: 2)
        async let answer = client.send(
            HTTPRequest(.get, server.url("/flaky?name=after&times=1&after=7"), retry: policy))
        // The watch of the first attempt sleeps, too; the wait for the second is the only one that lasts.
        while true {
            let body = try await HTTPClient().send(HTTPRequest(.get, server.url("/counts"))).body.collect(upTo: 1000)
            let counts = try JSONDecoder().decode([String: Int].self, from: Data(body))
            if counts["after"] == 1 && clock.sleeperCount == 1 { break }
            await Task.yield()
        }
        clock.advance(by: .seconds(6))
        #expect(clock.sleeperCount == 1)
        clock.advance(by: .seconds(1))
        #expect(try await answer.status == 200)
    }

    @Test func redirectsAreRefusedUnlessAskedFor() async throws {
        let server = try await Server()
        let client = HTTPClient()
        let away = server.url("/redirect?to=http%3A%2F%2Felsewhere.invalid%2Fplace%3Ftoken%3D1")
        await expectError(.redirected, retriable: false) { try await client.send(HTTPRequest(.get, away)) }
        await expectError(.redirected, retriable: false) {
            var request = HTTPRequest(.get, away)
            request.signature = AWSSignature(
                region: "r", service: "s3", accessKey: "key", secretKey: Redacted("secret"))
            return try await client.send(request)
        }
        var request = HTTPRequest(.get, server.url("/redirect?to=%2Fecho"))
        request.redirects = .follow(maximum: 2)
        #expect(try await client.send(request).status == 200)
        request.signature = AWSSignature(region: "r", service: "s3", accessKey: "key", secretKey: Redacted("secret"))
        await expectError(.invalidRequest, retriable: false) { [request] in try await client.send(request) }
        var around = HTTPRequest(.get, server.url("/redirect?to=%2Fredirect%3Fto%3D%2Fecho"))
        around.redirects = .follow(maximum: 0)
        await expectError(.redirected, retriable: false) { [around] in try await client.send(around) }
    }

    @Test(arguments: [
        "ftp://localhost/", "localhost", "http://", "http://user:password@localhost/", "http://localhost/a b",
        "http://localhost/\u{e9}", "http://localhost/#x", "file:///etc/passwd", "http://local\r\nhost/",
    ])
    func wrongAddressesAreRefused(_ url: String) async {
        let client = HTTPClient()
        await expectError(.invalidRequest, retriable: false) { try await client.send(HTTPRequest(.get, url)) }
    }

    @Test func aHeaderCannotEndItsLine() async {
        let client = HTTPClient()
        for headers in [["A": "b\r\nC: d"], ["A\r\nB": "c"], ["": "x"], ["A b": "c"]] as [HTTPHeaders] {
            await expectError(.invalidRequest, retriable: false) {
                try await client.send(HTTPRequest(.get, "http://localhost/", headers: headers))
            }
        }
    }

    @Test func nobodyListens() async throws {
        let server = try await Server()
        server.process.signal(SIGKILL)
        _ = await server.process.end()
        await expectError(.connection, retriable: true) {
            try await HTTPClient().send(HTTPRequest(.get, server.url("/echo")))
        }
    }

    @Test func cancellationEndsAWait() async throws {
        let server = try await Server()
        let client = HTTPClient()
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    _ = try await client.send(HTTPRequest(.get, server.url("/silent")))
                    return false
                } catch { return error is CancellationError }
            }
            group.cancelAll()
            for await isCancelled in group { #expect(isCancelled) }
        }
    }

    @Test func aClosedClientEndsWhatIsUnderWay() async throws {
        let server = try await Server()
        let client = HTTPClient()
        let stalled = try await client.send(HTTPRequest(.get, server.url("/stall")))
        #expect(try await stalled.body.next() != nil)
        client.close()
        await expectError(.closed, retriable: false) { try await stalled.body.next() }
        await expectError(.closed, retriable: false) {
            try await client.send(HTTPRequest(.get, server.url("/echo")))
        }
    }

    @Test func whatNobodyWaitsForIsSentAllTheSame() async throws {
        let server = try await Server()
        let client = HTTPClient()
        try client.dispatch(HTTPRequest(.get, server.url("/flaky?name=dispatched&times=0")))
        while true {
            let body = try await client.send(HTTPRequest(.get, server.url("/counts"))).body.collect(upTo: 1000)
            if try JSONDecoder().decode([String: Int].self, from: Data(body))["dispatched"] == 1 { break }
            await Task.yield()
        }
        await expectError(.invalidRequest, retriable: false) { try client.dispatch(HTTPRequest(.get, "nowhere")) }
    }

    @Test func theEnvironmentsProxyIsNotUsed() async throws {
        let server = try await Server()
        // This process's environment cannot be changed safely; a proxy of the configuration is used, an empty one is none.
        var configuration = HTTPClientConfiguration()
        configuration.proxy = HTTPClientConfiguration.Proxy(
            url: server.url(""), user: "user", password: Redacted("password"))
        let client = HTTPClient(configuration: configuration)
        let answer = try await client.send(HTTPRequest(.get, "http://elsewhere.invalid/echo"))
        let told = try JSONDecoder().decode(Echo.self, from: Data(try await answer.body.collect(upTo: 1 << 16)))
        #expect(told.target == "http://elsewhere.invalid/echo")
        configuration.proxy?.exceptions = "elsewhere.invalid"
        await expectError(.connection, retriable: true) { [configuration] in
            try await HTTPClient(configuration: configuration).send(
                HTTPRequest(.get, "http://elsewhere.invalid/echo"))
        }
    }
}
