import Core

/// An HTTP/1.1 client on libcurl: one thread for any number of requests, connections that are used again, bodies that
/// stream both ways with bounded memory, TLS that is always verified.
///
/// ```swift
/// let client = HTTPClient()
/// let answer = try await client.send(HTTPRequest(.get, "https://example.org/model.bin"))
/// for try await bytes in answer.body { … }
/// ```
public final class HTTPClient: Sendable {
    public let configuration: HTTPClientConfiguration
    private let loop: CurlLoop
    private let clock: any Clock<Duration>

    /// - Parameter clock: measures idle times, time-outs and the waits between attempts.
    public init(
        configuration: HTTPClientConfiguration = HTTPClientConfiguration(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.configuration = configuration
        self.clock = clock
        loop = CurlLoop(configuration: configuration)
    }

    deinit { loop.stop() }

    /// Ends every request with `closed`, and takes no more.
    public func close() { loop.stop() }

    /// Sends a request and returns when its answer's head is here, whatever its status; the body follows.
    ///
    /// With `request.retry`, an idempotent request is tried again after failures that may pass and after the statuses 408,
    /// 429, 500, 502, 503 and 504, at the soonest when the server's `Retry-After` says.
    /// - Throws: `HTTPError`, or `CancellationError`.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let target = try HTTPTarget(request.url)
        try request.check()
        guard let retry = request.retry, request.method.isIdempotent else { return try await attempt(request, target) }
        var generator = SystemRandomNumberGenerator()
        var number = 0
        while true {
            let outcome: Result<HTTPResponse, any Error>
            do { outcome = .success(try await attempt(request, target)) } catch { outcome = .failure(error) }
            var delay = retry.delay(beforeRetry: number, using: &generator)
            switch outcome {
            case .success(let response):
                guard Self.passing.contains(response.status), let least = delay else { return response }
                if let asked = response.headers["Retry-After"].flatMap({ Int64($0) }), asked > 0 {
                    delay = max(least, min(.seconds(asked), retry.maximum))
                }
            case .failure(let error):
                guard (error as? any ModuleError)?.isRetriable == true, delay != nil else { throw error }
            }
            if let delay { try await clock.sleep(for: delay) }
            number += 1
        }
    }

    /// Statuses of a trouble that may pass.
    private static let passing: Set<Int> = [408, 429, 500, 502, 503, 504]

    /// Sends a request whose answer nobody waits for, such as one that tidies up after a failure: it goes out even when the
    /// calling task is cancelled, and is given up after the client's `idleTimeout`.
    /// - Throws: `HTTPError` for a request that cannot be sent.
    public func dispatch(_ request: HTTPRequest) throws {
        let target = try HTTPTarget(request.url)
        try request.check()
        try loop.submit(
            Transfer(
                request: request, target: target, configuration: configuration, limit: configuration.idleTimeout))
    }

    private func attempt(_ request: HTTPRequest, _ target: HTTPTarget) async throws -> HTTPResponse {
        let transfer = Transfer(request: request, target: target, configuration: configuration)
        try loop.submit(transfer)
        let idle = request.idleTimeout ?? configuration.idleTimeout
        do {
            let watch = IdleWatch(idle: idle, total: request.timeout, clock: clock)
            let head = try await watch.run(transfer) { [loop] in try await Self.head(of: $0, loop) }
            return HTTPResponse(
                status: head.status, headers: head.headers,
                body: HTTPResponseBody(
                    transfer: transfer, loop: loop, watch: IdleWatch(idle: idle, total: nil, clock: clock)))
        } catch {
            loop.post(.end(transfer, HTTPError(.closed, "\(transfer.name): given up")))
            throw error
        }
    }

    /// Writes a streamed body, if there is one, and waits for the answer's head.
    private static func head(of transfer: Transfer, _ loop: CurlLoop) async throws -> HTTPResponseHead {
        guard case .stream(_, let write) = transfer.request.body else { return try await head(of: transfer) }
        return try await withThrowingTaskGroup(of: HTTPResponseHead?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                let writer = HTTPBodyWriter(transfer: transfer, loop: loop)
                do {
                    try await write(writer)
                    try writer.finish()
                } catch {
                    // The answer, if it is here, says more than the writer that it cut short.
                    if try await transfer.wait({ .some($0.head != nil) }) { return nil }
                    throw error
                }
                return nil
            }
            group.addTask { try await head(of: transfer) }
            var found: HTTPResponseHead?
            while let result = try await group.next() {
                if let result { found = result }
                // An answer that refuses the request needs no more of its body.
                if let found, found.status >= 400 { return found }
            }
            guard let found else { throw HTTPError(.connection, "\(transfer.name): there was no answer") }
            return found
        }
    }

    private static func head(of transfer: Transfer) async throws -> HTTPResponseHead {
        try await transfer.wait { state in
            if let head = state.head { return head }
            switch state.outcome {
            case .failure(let error): throw error
            case .success:
                throw HTTPError(.protocolViolation, "\(transfer.name): the server closed without an answer")
            case nil: return nil
            }
        }
    }
}
