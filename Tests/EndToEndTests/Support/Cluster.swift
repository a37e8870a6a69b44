import Contracts
import Core
import Foundation
import TestKit
import Testing

/// One core and its edges as real processes, with the digits split unevenly over the edges.
final class Cluster {
    let directory: TemporaryDirectory
    let coreState: String
    let port: UInt16
    let edgeNames: [String]
    private(set) var core: ChildProcess?
    private(set) var edges: [String: ChildProcess] = [:]

    /// Prepares data and configurations; starts nothing.
    /// - Parameter coreState: where the core's state lies, if not in the cluster's own directory.
    init(edges: Int = 3, seed: Int = 7, coreState: String? = nil) async throws {
        directory = try TemporaryDirectory("gedge-e2e")
        self.coreState = coreState ?? directory.file("core")
        port = try Ports.block()
        edgeNames = (1...edges).map { "edge-\($0)" }
        let split = try await ChildProcess.run([
            Executables.path("gedge"), "data", "split", "--input", "\(Executables.root)/data/digits/digits.csv",
            "--output", directory.file("data"), "--parts", "\(edges)", "--by", "dirichlet", "--alpha", "1.0",
            "--holdout", "0.2", "--seed", "\(seed)",
            "--proportions", (1...edges).reversed().map(String.init).joined(separator: ","),
        ])
        try #require(split.status == 0, "gedge data split: \(split.standardError)")
        try write(
            "core.yaml",
            """
            stateDirectory: \(self.coreState)
            listen: tcp://127.0.0.1:\(port)
            leaseSeconds: 3
            datasets:
              - {name: digits-test, path: data/test.csv, scale: 1/16, classes: 10}
              - {name: digits-pooled, path: data/train.csv, scale: 1/16, classes: 10}
            """)
        for (index, name) in edgeNames.enumerated() {
            try writeEdge(name, dataset: "data/part-\(index + 1).csv")
        }
    }

    /// - Parameter more: further lines of its configuration.
    func writeEdge(_ name: String, dataset: String, more: String = "") throws {
        try write(
            "\(name).yaml",
            """
            stateDirectory: \(directory.file(name))
            core: tcp://127.0.0.1:\(port)
            datasets:
              - {name: digits, path: \(dataset), scale: 1/16, classes: 10}
            \(more)
            """)
    }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
    }

    // MARK: - Processes

    func startAll() async throws {
        try await startCore()
        for name in edgeNames { try await startEdge(name) }
    }

    func startCore() async throws {
        core = try ChildProcess([Executables.path("core-cloud"), "--config", directory.file("core.yaml")])
        try await eventually("the core answers") { try await self.gedge("get", "edges").status == 0 }
    }

    /// Starts an edge, which enrols the first time, and waits until the core counts it as ready.
    func startEdge(_ name: String) async throws {
        try await launchEdge(name)
        try await eventually("\(name) is ready") { try await self.phase(of: name) == "Ready" }
    }

    func launchEdge(_ name: String) async throws {
        var command = [Executables.path("edge-cloud"), "--config", directory.file("\(name).yaml")]
        if !FileManager.default.fileExists(atPath: directory.file("\(name)/identity.json")) {
            command += ["--join", "@\(try await token(for: name))"]
        }
        edges[name] = try ChildProcess(command)
    }

    func token(for name: String) async throws -> String {
        let path = directory.file("\(name).token")
        try await must("token", "create", "--edge", name, "-o", path)
        return path
    }

    /// `kill -9`.
    func killCore() async {
        core?.signal(SIGKILL)
        _ = await core?.end()
    }

    func killEdge(_ name: String) async {
        edges[name]?.signal(SIGKILL)
        _ = await edges[name]?.end()
    }

    /// Stops everything in good order and returns the exit codes.
    func stop() async -> [Int32] {
        var codes: [Int32] = []
        for process in Array(edges.values) + [core].compactMap({ $0 }) where process.isRunning {
            process.signal(SIGTERM)
            codes.append(await process.end().status)
        }
        return codes
    }

    // MARK: - The command line

    @discardableResult
    func gedge(_ arguments: String...) async throws -> ChildProcess.Output { try await gedge(arguments) }

    func gedge(_ arguments: [String]) async throws -> ChildProcess.Output {
        try await ChildProcess.run([Executables.path("gedge"), "--state-dir", coreState] + arguments)
    }

    @discardableResult
    func must(_ arguments: String...) async throws -> String {
        let output = try await gedge(arguments)
        try #require(
            output.status == 0, "gedge \(arguments.joined(separator: " ")): \(output.standardError)\(logs)")
        return output.standardOutput
    }

    func phase(of edge: String) async throws -> String? {
        let output = try await gedge("get", "edge/\(edge)", "-o", "json")
        guard output.status == 0 else { return nil }
        return try Self.record(output.standardOutput).status["phase"]?.string
    }

    func job(_ name: String = "digits") async throws -> TrainingJobStatus {
        try Self.record(try await must("get", "job/\(name)", "-o", "json")).status.decoded(as: TrainingJobStatus.self)
    }

    private static func record(_ text: String) throws -> ResourceRecord {
        try JSONDecoder().decode(ResourceRecord.self, from: Data(text.utf8))
    }

    /// Applies a job that trains on the digits.
    func apply(rounds: Int, localEpochs: Int = 1, deadline: Double = 60, minimum: Int = 2, seed: Int = 7) async throws {
        try write(
            "job.yaml",
            """
            apiVersion: gedge/v1
            kind: TrainingJob
            metadata: {group: test, project: digits, name: digits}
            spec:
              model: {kind: perceptron, hidden: [128]}
              data: {dataset: digits, features: 64, classes: 10}
              rounds: \(rounds)
              optimizer: {learningRate: 0.05, momentum: 0.9, batchSize: 8, localEpochs: \(localEpochs)}
              clients: {minimum: \(minimum)}
              evaluation: {dataset: digits-test, baseline: digits-pooled}
              roundDeadlineSeconds: \(deadline)
              seed: \(seed)
            """)
        try await must("apply", "-f", directory.file("job.yaml"))
    }

    func waitForJob(_ name: String = "digits", timeout: String = "5m") async throws -> TrainingJobStatus {
        try await must("wait", "job/\(name)", "--timeout", timeout)
        return try await job(name)
    }

    /// What the daemons said, for the message of a failure.
    var logs: String {
        ([("core", core)] + edges.map { ($0.key, Optional($0.value)) }).map { name, process in
            "\n--- \(name)\n" + (process?.standardError.split(separator: "\n").suffix(15).joined(separator: "\n") ?? "")
        }.joined()
    }

    /// Asks until `condition` holds.
    func eventually(
        _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("not within \(limit): \(what)\(logs)")
        throw CancellationError()
    }
}
