import Contracts
import Core
import Foundation
import MessageBus
import Synchronization
import Telemetry
import TestKit

@testable import GEdgeCommand

/// A core with a real bus and made-up services, at the address where `gedge` looks for one.
final class FakeCore: Sendable {
    struct Applied: Sendable, Equatable {
        let name: String
        let isDryRun: Bool
    }

    let directory: TemporaryDirectory
    let bus: Bus
    private let applied = Mutex<[Applied]>([])

    /// What was asked of `apply`, in order.
    var applications: [Applied] { applied.withLock { $0 } }

    init() throws {
        directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.file("run"), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        bus = Bus(configuration: BusConfiguration(identity: .core), logger: .disabled, metrics: MetricsRegistry())
    }

    /// Runs the core while `body` runs.
    func serving<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        _ = try bus.listen(BusAddress(StatePath.commandAddress(in: directory.path)), security: .none)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { [bus] in
                try await bus.run()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CommandError.failed("the fake core's bus ended")
        }
    }

    /// What a run of `gedge` left behind.
    struct Run: Sendable {
        let code: ExitCode
        let output: String
        let error: String
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// Runs `gedge` with these words against this core.
    func gedge(_ words: String..., input: String = "", interactive: Bool = false) async -> Run {
        let output = ScriptedTerminal(isInteractive: interactive)
        let error = ScriptedTerminal(isInteractive: interactive)
        let console = Console(output: output, error: error, environment: ["LANG": "C.UTF-8", "NO_COLOR": "1"])
        let host = FakeHost(environment: ["GEDGE_STATE": directory.path], input: input)
        let code = await GEdge.run(words, console: console, host: host)
        return Run(code: code, output: output.text, error: error.text)
    }

    /// Answers `get` and `describe` with these resources.
    func serve(_ kind: ResourceKind, _ records: [ResourceRecord]) {
        bus.handle(ResourceContract.get(kind)) { (request: Inbound<ResourceQuery>) -> ResourceList in
            let found = records.filter { request.body.name == nil || $0.metadata.name == request.body.name }
            if let name = request.body.name, found.isEmpty { throw Self.notFound(kind, name) }
            return ResourceList(
                columns: ["name", "phase"],
                rows: found.map { [$0.metadata.name, $0.status["phase"]?.string ?? ""] }, items: found)
        }
        bus.handle(ResourceContract.describe(kind)) { (request: Inbound<ResourceName>) -> TextReply in
            guard records.contains(where: { $0.metadata.name == request.body.name }) else {
                throw Self.notFound(kind, request.body.name)
            }
            return TextReply(text: "Name: \(request.body.name)")
        }
    }

    static func notFound(_ kind: ResourceKind, _ name: String) -> Failure {
        Failure(code: "not-found", message: "there is no \(kind.word) '\(name)'")
    }

    /// Answers `apply`: a document that says `bad` is refused, one that says `late` only when it is to be applied.
    func serveApply() {
        bus.handle(ResourceContract.apply(.trainingJob)) { [self] (request: Inbound<ApplyRequest>) -> ApplyReply in
            let body = request.body
            let words = body.text.split { $0 == "\n" || $0 == " " }
            let name = words.firstIndex(of: "name:").map { String(words[words.index(after: $0)]) } ?? "?"
            applied.withLock { $0.append(Applied(name: name, isDryRun: body.isDryRun)) }
            if body.text.contains("bad") || (body.text.contains("late") && !body.isDryRun) {
                throw Failure(code: "unknown-field", message: "\(body.source):\(body.firstLine): unknown field 'bad'")
            }
            return ApplyReply(name: name, outcome: .created)
        }
    }

    /// Answers `watch` of a job with `records` and then ends, or stays.
    func serveWatch(_ records: [ResourceRecord], stays: Bool = false) {
        bus.handleStream(ResourceContract.watch(.trainingJob)) { request, writer in
            guard records.contains(where: { $0.metadata.name == request.body.name }) else {
                throw Self.notFound(.trainingJob, request.body.name)
            }
            for record in records { try await writer.send(record) }
            // Until the asker leaves.
            if stays { for await _ in AsyncStream<Never>.makeStream().stream {} }
        }
    }
}
