import Contracts
import Core
public import HTTPKit
import Synchronization
import Telemetry

/// A bucket of an S3-compatible object store; requests are signed with AWS Signature 4, and their bodies with them.
public final class S3ObjectStore: ObjectStore {
    /// Where the keys come from.
    public enum Credentials: Sendable {
        case fixed(S3Credentials)
        /// Read at the first request, and again when the store refuses the keys.
        case file(S3CredentialsFile)
    }

    public let configuration: S3Configuration
    let clock: any Clock<Duration>
    private let client: HTTPClient
    private let address: S3Address
    private let source: Credentials
    private let known = Mutex<S3Credentials?>(nil)
    private let hashing = ThreadExecutor(name: "archive-hash")

    /// - Parameters:
    ///   - client: may be shared.
    ///   - clock: measures the waits between attempts.
    /// - Throws: `DataSyncError` `invalid-request` for an endpoint, bucket or region that cannot be.
    public init(
        configuration: S3Configuration, credentials: Credentials, client: HTTPClient,
        clock: any Clock<Duration> = ContinuousClock()
    ) throws {
        address = try S3Address(configuration)
        self.configuration = configuration
        self.client = client
        self.clock = clock
        source = credentials
    }

    public var name: String { "bucket '\(configuration.bucket)' at \(configuration.endpoint)" }

    // MARK: Objects

    public func get(_ key: String, range: Range<Int>?, maximumBytes: Int) async throws -> ShardBytes {
        var headers = HTTPHeaders()
        if let range {
            guard !range.isEmpty else { return ShardBytes(copying: UnsafeRawBufferPointer(start: nil, count: 0)) }
            headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        }
        let most = min(range?.count ?? maximumBytes, maximumBytes)
        return try await retrying("GET \(key)") { [headers] in
            let answer = try await self.send(Request(.get, key: key, headers: headers), accepting: [200, 206])
            guard range == nil || answer.status == 206 else {
                throw self.unexpected("GET \(key)", "the whole object where a range was asked for")
            }
            return try await Self.read(answer, upTo: most, self.name)
        }
    }

    public func info(_ key: String) async throws -> ObjectInfo? {
        do {
            return try await retrying("HEAD \(key)") {
                let answer = try await self.send(Request(.head, key: key), accepting: [200])
                guard let size = answer.contentLength, size >= 0 else {
                    throw self.unexpected("HEAD \(key)", "no length")
                }
                return ObjectInfo(key: key, size: size)
            }
        } catch let error as DataSyncError where error.is(.missing) { return nil }
    }

    public func put(_ key: String, _ bytes: ShardBytes, condition: PutCondition) async throws -> PutOutcome {
        let hash = try await hash(of: bytes)
        var headers: HTTPHeaders = ["Content-Type": "application/octet-stream"]
        if condition == .ifAbsent { headers["If-None-Match"] = "*" }
        let retried = Atomic<Bool>(false)
        return try await retrying("PUT \(key)") { [headers] in
            let isAgain = retried.exchange(true, ordering: .relaxed)
            let request = Request(.put, key: key, headers: headers, body: bytes, hash: hash)
            let answer = try await self.send(request, accepting: [200, 201, 204, 412])
            guard answer.status == 412 else { return .stored }
            // After an attempt whose answer was lost, what is there may be what that attempt stored.
            if isAgain, try await self.holds(key, bytes) { return .stored }
            return .exists
        }
    }

    /// Whether the object is `bytes`.
    private func holds(_ key: String, _ bytes: ShardBytes) async throws -> Bool {
        do {
            let found = try await get(key, range: nil, maximumBytes: bytes.count)
            return found.withUnsafeBytes { found in bytes.withUnsafeBytes { found.elementsEqual($0) } }
        } catch let error as DataSyncError where error.is(.missing) || error.is(.tooLarge) { return false }
    }

    // MARK: Requests

    struct Request: Sendable {
        var method: HTTPMethod
        var key: String
        var query: [(name: String, value: String)]
        var headers: HTTPHeaders
        var body: ShardBytes?
        /// The SHA-256 of the body.
        var hash: String

        init(
            _ method: HTTPMethod, key: String = "", query: [(name: String, value: String)] = [],
            headers: HTTPHeaders = [:], body: ShardBytes? = nil, hash: String = Self.emptyHash
        ) {
            self.method = method
            self.key = key
            self.query = query
            self.headers = headers
            self.body = body
            self.hash = hash
        }

        /// The SHA-256 of nothing.
        static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    }

    /// The SHA-256 of a body, computed on a thread that may.
    func hash(of bytes: ShardBytes) async throws -> String {
        try await hashing.run { bytes.withUnsafeBytes { SHA256.digest(of: $0).hex } }
    }

    /// Runs `body` until it succeeds or fails for good.
    /// - Throws: `DataSyncError`.
    func retrying<Result: Sendable>(
        _ what: String, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        do { return try await configuration.retry.run(clock: clock, body) } catch let error as DataSyncError {
            throw error
        } catch let error as S3Failure {
            throw DataSyncError(error)
        } catch let error as HTTPError {
            throw DataSyncError(error, during: "\(what) in \(name)")
        }
    }

    /// Signs and sends one request.
    /// - Throws: `HTTPError`; `S3Failure` for a status that is not among `statuses`.
    func send(_ request: Request, accepting statuses: Set<Int>) async throws -> HTTPResponse {
        let credentials = try credentials()
        let answer = try await client.send(http(request, credentials))
        if statuses.contains(answer.status) { return answer }
        let body = try await answer.body.collect(upTo: 64 << 10)
        let failure = S3Failure(
            status: answer.status, body: body, what: "\(request.method.rawValue) \(request.key) in \(name)",
            configuration: configuration, region: answer.headers["x-amz-bucket-region"])
        // The keys may have been replaced since they were read.
        if failure.code == DataSyncError.Kind.accessDenied.rawValue, case .file(let file) = source {
            let fresh = try file.load()
            known.withLock { $0 = fresh }
            let isNew =
                fresh.accessKey != credentials.accessKey
                || fresh.secretKey.reveal() != credentials.secretKey.reveal()
                || fresh.sessionToken?.reveal() != credentials.sessionToken?.reveal()
            if isNew { return try await send(request, accepting: statuses) }
        }
        throw failure
    }

    /// Sends a request whose answer nobody waits for.
    func dispatch(_ request: Request) throws {
        try client.dispatch(http(request, try credentials()))
    }

    private func http(_ request: Request, _ credentials: S3Credentials) -> HTTPRequest {
        var headers = request.headers
        headers["x-amz-content-sha256"] = request.hash
        if let token = credentials.sessionToken { headers["x-amz-security-token"] = token.reveal() }
        var result = HTTPRequest(request.method, address.url(key: request.key, query: request.query), headers: headers)
        if let body = request.body {
            result.body = .bytes(HTTPBytes(owner: body.buffer, bytes: body.buffer.bytes(body.range)))
        }
        result.signature = AWSSignature(
            region: configuration.region, service: "s3", accessKey: credentials.accessKey,
            secretKey: credentials.secretKey)
        return result
    }

    private func credentials() throws -> S3Credentials {
        if let known = known.withLock({ $0 }) { return known }
        let fresh =
            switch source {
            case .fixed(let credentials): credentials
            case .file(let file): try file.load()
            }
        known.withLock { $0 = fresh }
        return fresh
    }

    // MARK: Answers

    /// A body into one buffer.
    static func read(_ answer: HTTPResponse, upTo maximum: Int, _ name: String) async throws -> ShardBytes {
        let tooLarge = DataSyncError(
            .tooLarge, "an object in \(name) has more than the \(maximum) bytes that were expected")
        guard let length = answer.contentLength, length >= 0 else {
            let bytes: [UInt8]
            do { bytes = try await answer.body.collect(upTo: maximum) } catch let error as HTTPError
                where error.kind == .tooLarge
            { throw tooLarge }
            return bytes.withUnsafeBytes { ShardBytes(copying: $0) }
        }
        guard length <= maximum else { throw tooLarge }
        let buffer = ShardBuffer(capacity: length)
        var filled = 0
        while let piece = try await answer.body.next() {
            guard filled + piece.count <= length else { throw tooLarge }
            buffer.memory[filled..<filled + piece.count].copyBytes(from: piece)
            filled += piece.count
        }
        return ShardBytes(buffer: buffer, range: 0..<filled)
    }

    /// The XML of an answer whose root has this name.
    func document(_ answer: HTTPResponse, root: String, _ what: String) async throws -> XMLElement {
        let bytes = try await answer.body.collect(upTo: XMLReader.Limits().bytes)
        let element: XMLElement
        do {
            element = try bytes.withUnsafeBytes { bytes throws(XMLReader.Malformed) in try XMLReader.read(bytes) }
        } catch {
            throw unexpected(what, "no XML (\(error))")
        }
        guard element.name == root else {
            // An upload may fail after the status was sent.
            if element.name == "Error" {
                throw S3Failure(
                    status: 500, body: bytes, what: "\(what) in \(name)", configuration: configuration, region: nil)
            }
            throw unexpected(what, "<\(element.name)> where <\(root)> was expected")
        }
        return element
    }

    func unexpected(_ what: String, _ found: String) -> DataSyncError {
        DataSyncError(.objectStore, "\(what) in \(name): the answer is \(found)")
    }
}

extension DataSyncError {
    /// The store's refusal.
    init(_ failure: S3Failure) {
        self.init(
            Kind(rawValue: failure.code) ?? .objectStore, failure.message, isRetriable: failure.isRetriable)
    }
}
