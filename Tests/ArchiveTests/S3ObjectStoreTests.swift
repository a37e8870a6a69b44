import Core
import DataSync
import Foundation
import HTTPKit
import Telemetry
import TestKit
import Testing

@Suite(.timeLimit(.minutes(3)), .enabled(if: ObjectServer.isHere, "needs moto: run Tools/test"))
struct S3ObjectStoreTests {
    private let strange = "a b/ü+%&<>\"'=?#~.txt"

    @Test func whatIsPutComesBack() async throws {
        let server = try await ObjectServer()
        let store = try server.store()
        for (key, size) in [("empty", 0), ("one", 1), ("many", 3_000_000), (strange, 10)] {
            var generator = SeededGenerator(seed: UInt64(size))
            let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(try await store.put(key, ShardBytes(bytes), condition: .always) == .stored)
            #expect(try await store.get(key, range: nil, maximumBytes: size).array == bytes)
            #expect(try await store.info(key) == ObjectInfo(key: key, size: size))
        }
        #expect(try await store.get("many", range: 5..<9, maximumBytes: 100).count == 4)
        await expect(.tooLarge) { try await store.get("many", range: nil, maximumBytes: 2_999_999) }
        await expect(.missing) { try await store.get("nothing", range: nil, maximumBytes: 1) }
        #expect(try await store.info("nothing") == nil)
    }

    @Test func aBucketMayStandInTheHostsName() async throws {
        let server = try await ObjectServer()
        var configuration = server.configuration
        configuration.endpoint = "http://localhost:\(server.port)"
        configuration.addressing = .virtualHost
        let store = try server.store(configuration)
        #expect(try await store.put("a/b c", ShardBytes([7]), condition: .ifAbsent) == .stored)
        #expect(try await store.list(prefix: "a/", after: nil).objects == [ObjectInfo(key: "a/b c", size: 1)])
        #expect(try await server.store().get("a/b c", range: nil, maximumBytes: 1).array == [7])
    }

    @Test func oneOfTwoWritersWins() async throws {
        let server = try await ObjectServer()
        let stores = [try server.store(), try server.store()]
        for round in 0..<10 {
            let outcomes = try await withThrowingTaskGroup(of: (Int, PutOutcome).self) { group in
                for (index, store) in stores.enumerated() {
                    group.addTask {
                        (index, try await store.put("race/\(round)", ShardBytes([UInt8(index)]), condition: .ifAbsent))
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(Set(outcomes.values) == [.stored, .exists])
            let winner = try await stores[0].get("race/\(round)", range: nil, maximumBytes: 1).array
            #expect(outcomes[Int(winner[0])] == .stored)
        }
    }

    @Test func aConditionalWriteWhoseAnswerWasLostStillWon() async throws {
        let server = try await ObjectServer()
        let store = try server.store()
        try await server.set(
            .init(match: "PUT /archive/lost", do: "cut-after"), .init(match: "PUT /archive/told", do: "500-after"))
        #expect(try await store.put("lost", ShardBytes([1]), condition: .ifAbsent) == .stored)
        #expect(try await store.put("told", ShardBytes([2]), condition: .ifAbsent) == .stored)
        #expect(try await store.put("told", ShardBytes([3]), condition: .ifAbsent) == .exists)
    }

    @Test func troubleThatPassesIsSatOut() async throws {
        let server = try await ObjectServer()
        let store = try server.store()
        try await server.set(
            .init(match: "PUT /archive/x", do: "503", times: 2), .init(match: "GET /archive/x", do: "cut", times: 2))
        #expect(try await store.put("x", ShardBytes([1, 2]), condition: .always) == .stored)
        #expect(try await store.get("x", range: nil, maximumBytes: 2).array == [1, 2])
        try await server.set(.init(match: "GET /archive/x", do: "503", times: 100))
        await expect(.objectStore, retriable: true) { try await store.get("x", range: nil, maximumBytes: 2) }
    }

    @Test func aSilentServerTimesOutOnTheClock() async throws {
        let server = try await ObjectServer()
        let clock = ManualClock()
        var configuration = server.configuration
        configuration.retry = RetryPolicy(attempts: 1)
        let store = try server.store(configuration, client: HTTPClient(clock: clock))
        try await server.set(.init(match: "GET /archive/x", do: "stall", times: 100))
        async let outcome: DataSyncError? = expect(code: "timed-out", retriable: true) {
            try await store.get("x", range: nil, maximumBytes: 2)
        }
        await clock.waitForSleepers()
        // The request counts as a step forward; so the second period is the one without any.
        while clock.sleeperCount > 0 {
            clock.advance(by: .seconds(30))
            await Task.yield()
        }
        _ = await outcome
    }

    @Test func wrongKeysAreToldApart() async throws {
        let server = try await ObjectServer()
        let secret = S3Credentials(accessKey: server.credentials.accessKey, secretKey: Redacted("wrong-secret-value"))
        let unknown = S3Credentials(accessKey: "AKIAUNKNOWN", secretKey: Redacted("wrong-secret-value"))
        for credentials in [secret, unknown] {
            let store = try server.store(credentials: .fixed(credentials))
            let error = await expect(.accessDenied) { try await store.put("x", ShardBytes([1]), condition: .always) }
            #expect(error?.message.contains("credentials file") == true)
            #expect(error?.message.contains("wrong-secret-value") == false)
        }
        var configuration = server.configuration
        configuration.bucket = "elsewhere"
        let error = await expect(.invalidRequest) {
            try await server.store(configuration).put("x", ShardBytes([1]), condition: .always)
        }
        #expect(error?.message.contains("create the bucket 'elsewhere'") == true)
    }

    @Test func replacedKeysAreReadAgain() async throws {
        let server = try await ObjectServer()
        let directory = try TemporaryDirectory()
        let path = directory.file("credentials")
        func write(_ secret: String) throws {
            try Data(
                """
                # keys of the archive
                [other]
                aws_access_key_id = x
                [default]
                aws_access_key_id = \(server.credentials.accessKey)
                aws_secret_access_key=\(secret)
                """.utf8
            ).write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
        }
        try write("wrong")
        let store = try server.store(credentials: .file(S3CredentialsFile(path: path)))
        await expect(.accessDenied) { try await store.put("x", ShardBytes([1]), condition: .always) }
        try write(server.credentials.secretKey.reveal())
        #expect(try await store.put("x", ShardBytes([1]), condition: .always) == .stored)
        chmod(path, 0o640)
        let again = try server.store(credentials: .file(S3CredentialsFile(path: path)))
        let error = await expect(.accessDenied) { try await again.info("x") }
        #expect(error?.message.contains("chmod 600 \(path)") == true)
    }

    @Test func aListComesInPages() async throws {
        let server = try await ObjectServer()
        let store = try server.store()
        let keys = (0..<25).map { "list/\($0 / 10)\($0 % 10) &<ü" }
        for key in keys + ["other"] { _ = try await store.put(key, ShardBytes([1]), condition: .always) }
        var found: [String] = []
        var pages = 0
        var after: String?
        repeat {
            let page = try await store.list(prefix: "list/", after: after, pageSize: 10)
            found += page.objects.map(\.key)
            after = page.next
            pages += 1
        } while after != nil
        #expect(found == keys && pages == 3)
        #expect(try await store.list(prefix: "none/", after: nil).objects.isEmpty)
        try await store.delete(keys + ["never-there"])
        #expect(try await store.list(prefix: "", after: nil).objects.map(\.key) == ["other"])
        try await store.delete(["other"])
        try await store.delete(["other"])
        #expect(try await store.list(prefix: "", after: nil).objects.isEmpty)
    }

    @Test func anUploadInPartsSurvivesFailures() async throws {
        let server = try await ObjectServer()
        let store = try server.store()
        let part = [UInt8](repeating: 9, count: 5 << 20)
        try await server.set(
            .init(match: "PUT /archive/large?partNumber=2", do: "cut", times: 2),
            .init(match: "PUT /archive/large?partNumber=3", do: "503", times: 1))
        let outcome = try await store.put("large", parts: 4, condition: .ifAbsent) {
            ShardBytes($0 < 3 ? part : [1, 2, 3])
        }
        #expect(outcome == .stored)
        let back = try await store.get("large", range: nil, maximumBytes: 16 << 20).array
        #expect(back == part + part + part + [1, 2, 3])
        let again = try await store.put("large", parts: 1, condition: .ifAbsent) { _ in ShardBytes([0]) }
        #expect(again == .exists)
    }

    @Test func aFailedUploadLeavesNothing() async throws {
        struct Broken: Error {}
        let server = try await ObjectServer()
        let store = try server.store()
        await #expect(throws: Broken.self) {
            try await store.put("broken", parts: 3, condition: .always) { index in
                if index == 2 { throw Broken() }
                return ShardBytes([UInt8](repeating: 1, count: 5 << 20))
            }
        }
        #expect(try await store.info("broken") == nil)
        while try await server.log().contains(where: { $0.hasPrefix("DELETE /archive/broken?uploadId") }) == false {
            await Task.yield()
        }
        #expect(try await store.abortStaleUploads(prefix: "", olderThan: .zero) == 0)
    }

    @Test func staleUploadsAreGivenUp() async throws {
        struct Broken: Error {}
        let server = try await ObjectServer()
        let store = try server.store()
        // What gives an upload up is lost, as if the process had been killed.
        try await server.set(.init(match: "DELETE /archive/", do: "503", times: 3))
        for key in ["a", "b", "c"] {
            await #expect(throws: Broken.self) {
                try await store.put("stale/\(key)", parts: 1, condition: .always) { _ in throw Broken() }
            }
        }
        while try await server.log().filter({ $0.hasPrefix("DELETE") }).count < 3 { await Task.yield() }
        // This server says of every upload that it began in 2010.
        let century = Duration.seconds(100 * 365 * 86_400)
        #expect(try await store.abortStaleUploads(prefix: "stale/", olderThan: century) == 0)
        #expect(try await store.abortStaleUploads(prefix: "stale/", olderThan: .zero) == 3)
        #expect(try await store.abortStaleUploads(prefix: "stale/", olderThan: .zero) == 0)
    }

    @Test func aServerThatWasKilledIsWaitedForAndAnUploadBeginsAgain() async throws {
        let server = try await ObjectServer()
        var configuration = server.configuration
        configuration.retry = RetryPolicy(base: .milliseconds(50), maximum: .seconds(1), attempts: 60)
        let store = try server.store(configuration, credentials: .fixed(server.credentials))
        let reached = Reached()
        let part = [UInt8](repeating: 5, count: 5 << 20)
        async let outcome = store.put("kept", parts: 4, condition: .always) { index in
            if index == 2 { await reached.set() }
            return ShardBytes(part)
        }
        await reached.wait()
        server.process.signal(SIGKILL)
        _ = await server.process.end()
        // The new one has the bucket and the keys, but knows of no upload.
        let second = try await ObjectServer(inPlaceOf: server)
        #expect(try await outcome == .stored)
        #expect(second.process.isRunning)
        #expect(try await store.info("kept")?.size == 4 * part.count)
    }

    @Test(arguments: [
        ("ftp://x", "bucket", "r"), ("http://", "bucket", "r"), ("http://host/path", "bucket", "r"),
        ("http://host", "Bucket", "r"), ("http://host", "a", "r"), ("http://host", "../etc", "r"),
        ("http://host", "bucket", ""), ("http://host", "bucket", "a:b"), ("http://u:p@host", "bucket", "r"),
    ])
    func wrongPlacesAreRefused(_ endpoint: String, _ bucket: String, _ region: String) async {
        await expect(.invalidRequest) {
            try S3ObjectStore(
                configuration: S3Configuration(endpoint: endpoint, bucket: bucket, region: region),
                credentials: .fixed(S3Credentials(accessKey: "a", secretKey: Redacted("b"))), client: HTTPClient())
        }
    }
}

/// An event that a task waits for.
actor Reached {
    private var isSet = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func set() {
        isSet = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    func wait() async {
        if isSet { return }
        await withCheckedContinuation { waiters.append($0) }
    }
}

/// Expects a `DataSyncError`.
@discardableResult
func expect(
    _ kind: DataSyncError.Kind, retriable: Bool? = nil, _ location: Testing.SourceLocation = #_sourceLocation,
    _ body: () async throws -> some Any
) async -> DataSyncError? {
    await expect(code: kind.rawValue, retriable: retriable, location, body)
}

@discardableResult
func expect(
    code: String, retriable: Bool? = nil, _ location: Testing.SourceLocation = #_sourceLocation,
    _ body: () async throws -> some Any
) async -> DataSyncError? {
    do {
        _ = try await body()
        Issue.record("no error was thrown", sourceLocation: location)
    } catch let error as DataSyncError {
        #expect(error.code == code, "\(error)", sourceLocation: location)
        if let retriable { #expect(error.isRetriable == retriable, "\(error)", sourceLocation: location) }
        return error
    } catch { Issue.record(error, sourceLocation: location) }
    return nil
}
