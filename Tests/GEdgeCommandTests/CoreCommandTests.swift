import Contracts
import Core
import Foundation
import MessageBus
import Synchronization
import TestKit
import Testing

@testable import GEdgeCommand

/// Commands against a core with a real bus.
struct CoreCommandTests {
    private let core: FakeCore

    init() throws { core = try FakeCore() }

    @Test func getPrintsEachFormat() async throws {
        core.serve(.trainingJob, [try SampleJob().record(), try SampleJob(name: "letters").record()])
        core.serve(.edge, [])
        try await core.serving { [core] in
            let table = await core.gedge("get", "jobs")
            #expect(table.output == "NAME     PHASE\ndigits   Running\nletters  Running\n")
            #expect(table.error == "")
            #expect(await core.gedge("get", "jobs", "-o", "name").output == "job/digits\njob/letters\n")

            let json = Data(await core.gedge("get", "jobs", "-o", "json").output.utf8)
            let list = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
            #expect(list["kind"] as? String == "List")
            #expect((list["items"] as? [[String: Any]])?.count == 2)
            let one = Data(await core.gedge("get", "job/digits", "-o", "json").output.utf8)
            let record = try JSONDecoder().decode(ResourceRecord.self, from: one)
            let expected = try SampleJob().record()
            #expect(record == expected)

            let yaml = await core.gedge("get", "jobs", "-o", "yaml").output
            #expect(yaml.components(separatedBy: "---\n").count == 2)
            #expect(yaml.contains("kind: \"TrainingJob\"") || yaml.contains("kind: TrainingJob"))

            let empty = await core.gedge("get", "edges", interactive: true)
            #expect(empty.output == "" && empty.error == "No edges.\n" && empty.code == .success)
            #expect(await core.gedge("get", "edges").error == "")
        }
    }

    @Test func getWatchesForWhatIsNewOrChanged() async throws {
        let asked = Mutex(0)
        core.bus.handle(ResourceContract.get(.trainingJob)) { (_: Inbound<ResourceQuery>) -> ResourceList in
            let count = asked.withLock { count in
                count += 1
                return count
            }
            guard count < 3 else { throw Failure(code: "refused", message: "enough") }
            let jobs =
                count == 1
                ? [SampleJob(name: "a-long-name"), SampleJob(name: "b")]
                : [SampleJob(name: "a-long-name"), SampleJob(name: "b", phase: .failed), SampleJob(name: "c")]
            return ResourceList(
                columns: ["name", "phase"], rows: jobs.map { [$0.name, $0.phase.rawValue] },
                items: try jobs.map { try $0.record() })
        }
        try await core.serving { [core] in
            let run = await core.gedge("get", "jobs", "--watch")
            #expect(
                run.lines == [
                    "NAME         PHASE", "a-long-name  Running", "b            Running", "b            Failed",
                    "c            Running",
                ])
            #expect(run.code == .failed)
        }
    }

    @Test func everyOutcomeHasItsExitCode() async throws {
        core.serve(.trainingJob, [try SampleJob().record()])
        core.bus.handle(ResourceContract.delete(.trainingJob)) { (_: Inbound<ResourceName>) -> Empty in
            throw Failure(code: "immutable", message: "no")
        }
        core.bus.handle(ResourceContract.get(.edge)) { (_: Inbound<ResourceQuery>) -> ResourceList in
            try await Task.sleep(for: .seconds(600))
            throw CancellationError()
        }
        try await core.serving { [core] in
            #expect(await core.gedge("describe", "job/digits").output == "Name: digits\n")
            let missing = await core.gedge("describe", "job", "none")
            #expect(missing.code == .notFound)
            #expect(missing.error == "gedge: there is no job 'none'\n")
            #expect(await core.gedge("delete", "job/digits").code == .failed)
            #expect(await core.gedge("get", "jbos").code == .usage)
            #expect(await core.gedge("get", "edges", "--timeout", "2s").code == .timedOut)
            let unknown = await core.gedge("delete", "model/a/b/1")
            #expect(unknown.code == .failed)
            #expect(unknown.error == "gedge: the core cannot delete models\n")
        }
    }

    @Test func aCoreThatIsNotThereIsNamed() async throws {
        let absent = await core.gedge("get", "jobs")
        #expect(absent.code == .unreachable)
        #expect(absent.error.contains("\(core.directory.path)/run/core.control: there is no such socket"))
        #expect(absent.error.contains("core-cloud --config"))
        // What a killed core leaves behind.
        try await core.serving {}
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: Array(core.directory.file("run/core.control").utf8))
        }
        unlink(core.directory.file("run/core.control"))
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        let stale = await core.gedge("get", "jobs")
        #expect(stale.code == .unreachable)
        #expect(stale.error.contains("nothing listens there any more"))
    }

    private func document(_ name: String, _ extra: String = "") -> String {
        "apiVersion: gedge/v1\nkind: TrainingJob\nmetadata:\n  name: \(name)\n\(extra)"
    }

    @Test func nothingIsAppliedUnlessEverythingIsRight() async throws {
        core.serveApply()
        let good = document("one") + "---\n" + document("two")
        let bad = good + "---\n" + document("three", "spec: bad\n") + "---\n" + document("four", "spec: bad\n")
        try await core.serving { [core] in
            let refused = await core.gedge("apply", "-f", "-", input: bad)
            #expect(refused.code == .failed)
            #expect(!core.applications.contains { !$0.isDryRun })
            #expect(core.applications.map(\.name) == ["one", "two", "three", "four"])
            #expect(refused.output == "")
            #expect(
                refused.error == """
                    gedge: standard input:10: unknown field 'bad'
                    gedge: standard input:16: unknown field 'bad'
                    gedge: 2 of 4 documents are wrong; nothing was applied

                    """)

            let checked = await core.gedge("apply", "--dry-run", "-f", "-", input: good)
            #expect(checked.output == "job/one created (dry run)\njob/two created (dry run)\n")
            #expect(!core.applications.contains { !$0.isDryRun })

            let applied = await core.gedge("apply", "-f", "-", input: good)
            #expect(applied.output == "job/one created\njob/two created\n")
            #expect(core.applications.suffix(4).map(\.isDryRun) == [true, true, false, false])
        }
    }

    @Test func whatWasAppliedBeforeAFailureIsTold() async throws {
        core.serveApply()
        let text = document("one") + "---\n" + document("two", "spec: late\n") + "---\n" + document("three")
        try await core.serving { [core] in
            let run = await core.gedge("apply", "-f", "-", input: text)
            #expect(run.code == .failed)
            #expect(run.output == "job/one created\n")
            #expect(
                run.error.contains("the first 1 of 3 documents were applied, those from standard input:5 on were not"))
        }
    }

    @Test(arguments: [
        ("", "holds no document"), ("- a\n", "a group of fields"), ("name: x\n", "missing field 'kind'"),
        ("kind: TraningJob\n", "did you mean 'TrainingJob'?"), ("kind: Edge\n", "the platform alone"),
        ("a: [\n", "standard input:"),
        (
            "kind: TrainingJob\nmetadata: {name: a}\n---\nkind: TrainingJob\nmetadata: {name: a}\n",
            "described twice; first at standard input:1"
        ),
    ])
    func aFileThatIsNoResourceIsRefusedBeforeAnyoneIsAsked(text: String, message: String) async throws {
        let run = await core.gedge("apply", "-f", "-", input: text)
        #expect(run.code == .failed)
        #expect(run.error.contains(message), "\(run.error)")
    }

    @Test func watchPrintsALineForEachRoundAndEndsWithTheJob() async throws {
        core.serveWatch(try SampleJob.life(), stays: true)
        try await core.serving { [core] in
            let run = await core.gedge("watch", "job/digits")
            #expect(run.code == .success)
            #expect(run.lines.count == 3)
            #expect(run.lines[0].hasPrefix("job/digits round=1/3 accuracy=0.8722 loss=0.1278"))
            #expect(run.lines[1].hasSuffix("contributors=edge-1,edge-3 absent=edge-2"))
            #expect(run.error == "")
            #expect(await core.gedge("watch", "job/none").code == .notFound)

            let records = await core.gedge("watch", "job/digits", "-o", "json").lines
            let changes = try SampleJob.life().count
            #expect(records.count == changes)
        }
    }

    @Test func watchDrawsOnATerminal() async throws {
        core.serveWatch(try SampleJob.life(), stays: true)
        try await core.serving { [core] in
            let run = await core.gedge("watch", "job/digits", interactive: true)
            var screen = Screen()
            screen.apply(run.output)
            #expect(screen.unknown.isEmpty)
            #expect(screen.lines.first?.hasPrefix("job/digits · demo/digits · federated") == true)
            #expect(screen.lines.contains { $0.hasPrefix("Succeeded after 3 rounds") })
            #expect(screen.lines.count == 9)
        }
    }

    @Test func aFailedJobIsAFailure() async throws {
        core.serveWatch([try SampleJob(phase: .failed, message: "no edge has the data").record()], stays: true)
        try await core.serving { [core] in
            let watch = await core.gedge("watch", "job/digits")
            #expect(watch.code == .failed)
            #expect(watch.error == "gedge: job/digits failed: no edge has the data\n")
            let wait = await core.gedge("wait", "job/digits")
            #expect(wait.code == .failed)
            #expect(await core.gedge("wait", "job/digits", "--for", "failed").code == .success)
        }
    }

    @Test func waitEndsWithThePhaseOrTheTime() async throws {
        core.serveWatch(try SampleJob.life(), stays: true)
        try await core.serving { [core] in
            #expect(await core.gedge("wait", "job/digits").output == "job/digits Succeeded\n")
            #expect(await core.gedge("wait", "job/digits", "--for", "Running").output == "job/digits Running\n")
            #expect(await core.gedge("wait", "job/none").code == .notFound)
            let late = await core.gedge("wait", "job/digits", "--for", "deleted", "--timeout", "2s")
            #expect(late.code == .timedOut)
            #expect(late.error.contains("job/digits is not deleted after 2.0s"))
            #expect(await core.gedge("wait", "job/digits", "--for", "ready").code == .usage)
        }
    }

    @Test func anEdgeThatIsYetToComeIsWaitedFor() async throws {
        let asked = Mutex(0)
        core.bus.handleStream(ResourceContract.watch(.edge)) { request, writer in
            let count = asked.withLock { count in
                count += 1
                return count
            }
            guard count > 1 else { throw FakeCore.notFound(.edge, request.body.name) }
            let status = JSONValue.object(["phase": .string("Ready")])
            try await writer.send(
                ResourceRecord(
                    kind: .edge, metadata: ResourceMetadata(name: "edge-1"), spec: .object([:]), status: status))
        }
        try await core.serving { [core] in
            let run = await core.gedge("wait", "edge/edge-1")
            #expect(run.output == "edge/edge-1 Ready\n", "\(run.error)")
        }
        #expect(asked.withLock { $0 } == 2)
    }

    @Test func aDeletedResourceEndsTheWatch() async throws {
        core.serveWatch([try SampleJob().record()])
        core.serve(.trainingJob, [])
        try await core.serving { [core] in
            let run = await core.gedge("watch", "job/digits")
            #expect(run.code == .notFound)
            #expect(run.error == "gedge: job/digits was deleted\n")
            #expect(await core.gedge("wait", "job/digits", "--for", "deleted").output == "job/digits deleted\n")
        }
    }

    @Test func aStreamThatEndsWithItsResourceThereIsFollowedAnew() async throws {
        let life = try SampleJob.life()
        let asked = Mutex(0)
        core.serve(.trainingJob, [life[0]])
        core.bus.handleStream(ResourceContract.watch(.trainingJob)) { _, writer in
            let count = asked.withLock { count in
                count += 1
                return count
            }
            for record in count == 1 ? life.prefix(3) : life.suffix(1) { try await writer.send(record) }
        }
        try await core.serving { [core] in
            let run = await core.gedge("watch", "job/digits")
            #expect(run.code == .success)
            #expect(run.lines.count == 3, "no round is told twice: \(run.output)")
        }
        #expect(asked.withLock { $0 } == 2)
    }

    @Test func logsAreReadableOrRaw() async throws {
        let line = #"{"time":"2025-01-02T03:04:05.678Z","level":"info","label":"core","message":"ready"}"#
        core.bus.handleStream(TelemetryContract.logs) { request, writer in
            let who = request.body.edge?.text ?? request.body.job ?? "core"
            for _ in 0..<(request.body.tail ?? 5) {
                try await writer.send(LogLine(text: line.replacing("ready", with: who)))
            }
        }
        try await core.serving { [core] in
            #expect(
                await core.gedge("logs", "--tail", "1", "-o", "json").output == line.replacing("ready", with: "core")
                    + "\n")
            let text = await core.gedge("logs", "edge/edge-1", "--tail", "2")
            #expect(text.lines == [String](repeating: "2025-01-02 03:04:05.678Z INFO    core        edge-1", count: 2))
            #expect(await core.gedge("logs", "job/digits").lines.count == 100)
            #expect(await core.gedge("logs", "--tail", "all").lines.count == 5)
            #expect(await core.gedge("logs", "--tail", "0").code == .usage)
            #expect(await core.gedge("logs", "edge").code == .usage)
        }
    }

    @Test func aTokenIsASecretInItsFile() async throws {
        core.bus.handle(Enrolment.createToken) { (request: Inbound<TokenRequest>) -> TokenReply in
            TokenReply(
                token: "secret-\(request.body.edge?.text ?? "any")-\(request.body.lifetimeSeconds)",
                expires: Timestamp(milliseconds: 0))
        }
        try await core.serving { [core] in
            #expect(await core.gedge("token", "create").output == "secret-any-3600\n")
            let file = core.directory.file("edge.token")
            try "old".write(toFile: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
            let run = await core.gedge("token", "create", "--edge", "edge-1", "--lifetime", "10m", "-o", file)
            #expect(run.code == .success && run.output == "")
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "secret-edge-1-600\n")
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(await core.gedge("token", "create", "--edge", "No Name").code == .usage)
            #expect(await core.gedge("token", "create", "-o", "/nonexistent/file").code == .failed)
        }
    }

    @Test func aReportHasEveryFigure() async throws {
        let last = try #require(try SampleJob.life().last)
        core.serve(.trainingJob, [last])
        try await core.serving { [core] in
            let run = await core.gedge("report", "job/digits")
            let value = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
            #expect(value["accuracy"] as? Double == 0.9611)
            #expect(value["baselineAccuracy"] as? Double == 0.9639)
            #expect(value["rounds"] as? Int == 3)
            #expect(value["edges"] as? Int == 3)
            #expect(value["wallSeconds"] as? Double == 4.5)
            #expect(value["bytesToEdges"] as? Int == 95_850)
            #expect(value["bytesFromEdges"] as? Int == 85_200)
            #expect(value["model"] as? String == "demo/digits/3")
            let file = core.directory.file("report.json")
            #expect(await core.gedge("report", "digits", "-o", file).code == .success)
            #expect(try String(contentsOfFile: file, encoding: .utf8) == run.output)
            #expect(await core.gedge("report", "job/none").code == .notFound)
            #expect(await core.gedge("report", "edge/edge-1").code == .usage)
        }
    }

    @Test func theRestOfTheCommandsAsk() async throws {
        core.bus.handle(Enrolment.revoke) { (_: Inbound<RevokeRequest>) -> Empty in Empty() }
        core.bus.handle(TelemetryContract.metrics) { (request: Inbound<MetricsQuery>) -> MetricsText in
            MetricsText(text: "up{edge=\"\(request.body.edge?.text ?? "")\"} 1\n")
        }
        core.bus.handle(ResourceContract.explain(.trainingJob)) { (request: Inbound<ExplainRequest>) -> TextReply in
            TextReply(text: request.body.path.joined(separator: "/"))
        }
        try await core.serving { [core] in
            #expect(await core.gedge("edge", "revoke", "edge/edge-1").output == "edge/edge-1 revoked\n")
            #expect(await core.gedge("metrics", "edge/edge-1").output == "up{edge=\"edge-1\"} 1\n")
            #expect(await core.gedge("metrics").output == "up{edge=\"\"} 1\n")
            #expect(await core.gedge("explain", "job.spec.rounds").output == "spec/rounds\n")
            #expect(await core.gedge("explain", "job..rounds").code == .usage)
        }
    }

    @Test func outputThatCannotBeWrittenIsAFailure() async throws {
        let error = ScriptedTerminal()
        let console = Console(output: FullTerminal(), error: error, environment: [:])
        let code = await GEdge.run(["version"], console: console, host: FakeHost())
        #expect(code == .failed)
        #expect(error.text.contains("No space left"))
    }
}
