import Contracts
import Core
import Foundation
import MessageBus
import Synchronization
import TestKit
import Testing

@testable import GEdgeCommand

/// Lists and jobs of more than one answer.
struct ListingTests {
    private let core: FakeCore

    init() throws { core = try FakeCore() }

    private static let models = (1...1234).map { number in
        ResourceRecord(
            kind: .model, metadata: ResourceMetadata(name: "demo/digits/\(number)"), spec: .object([:]),
            status: .object(["phase": .string("Committed"), "note": .string("a \"b\"\n c")]))
    }

    /// Answers with pages of at most 100 models; returns what was asked.
    private func servePages() throws -> @Sendable () -> [ResourceQuery] {
        let models = Self.models
        let asked = Queries()
        core.bus.handle(ResourceContract.get(.model)) { (request: Inbound<ResourceQuery>) -> ResourceList in
            asked.append(request.body)
            let start = request.body.continuation.flatMap(Int.init) ?? 0
            let end = min(start + min(100, request.body.limit ?? .max), models.count)
            let page = models[start..<end]
            return ResourceList(
                columns: ["name", "phase"], rows: page.map { [$0.metadata.name, "Committed"] }, items: Array(page),
                continuation: end < models.count ? "\(end)" : nil)
        }
        return { asked.all }
    }

    private final class Queries: Sendable {
        private let queries = Mutex<[ResourceQuery]>([])
        var all: [ResourceQuery] { queries.withLock { $0 } }
        func append(_ query: ResourceQuery) { queries.withLock { $0.append(query) } }
    }

    @Test func pagesAreFollowedInEveryFormat() async throws {
        let asked = try servePages()
        let models = Self.models
        try await core.serving { [core] in
            let names = models.map(\.metadata.name)
            #expect(await core.gedge("get", "models", "-o", "name").lines == names.map { "model/\($0)" })
            #expect(asked().count == 13)
            let table = await core.gedge("get", "models").lines
            #expect(table.count == 1235 && table[0] == "NAME              PHASE")
            #expect(table[1] == "demo/digits/1     Committed" && table[1234] == "demo/digits/1234  Committed")

            let json = await core.gedge("get", "models", "-o", "json").output
            let list = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
            #expect(list["kind"] as? String == "List" && list["apiVersion"] as? String == "gedge/v1")
            let items = try JSONDecoder().decode(Items.self, from: Data(json.utf8)).items
            #expect(items == models)
            // Laid out as one encoder would.
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
            let whole = String(decoding: try encoder.encode(Items(items: models)), as: UTF8.self)
            #expect(json == whole + "\n")

            let yaml = await core.gedge("get", "models", "-o", "yaml").output
            #expect(yaml.components(separatedBy: "---\n").count == models.count)
        }
    }

    private struct Items: Codable {
        var apiVersion = "gedge/v1"
        var kind = "List"
        var items: [ResourceRecord]
    }

    @Test func aLimitEndsTheList() async throws {
        let asked = try servePages()
        try await core.serving { [core] in
            #expect(await core.gedge("get", "models", "--limit", "250", "-o", "name").lines.count == 250)
            #expect(asked().map(\.limit) == [250, 150, 50])
            #expect(await core.gedge("get", "models", "--limit", "100", "-o", "name").lines.count == 100)
            #expect(asked().count == 4, "a full list asks for no page that will not be printed")
            #expect(await core.gedge("get", "models", "--limit", "0").code == .usage)
        }
    }

    @Test func aProjectIsAskedFor() async throws {
        let asked = try servePages()
        try await core.serving { [core] in
            #expect(await core.gedge("get", "models", "--project", "demo/digits", "--limit", "1").code == .success)
            #expect(asked().last?.group?.text == "demo" && asked().last?.project?.text == "digits")
            #expect(await core.gedge("get", "models", "--project", "demo", "--limit", "1").code == .success)
            #expect(asked().last?.group?.text == "demo" && asked().last?.project == nil)
            let wrong = await core.gedge("get", "models", "--project", "demo/digits/3")
            #expect(wrong.code == .usage && wrong.error.contains("GROUP/PROJECT"))
            #expect(await core.gedge("get", "models", "--project", "").code == .usage)
            #expect(await core.gedge("get", "edges", "--project", "demo").code == .usage)
            #expect(await core.gedge("get", "job/digits", "--project", "demo").code == .usage)
        }
    }

    @Test func aListThatGoesInCirclesIsRefused() async throws {
        core.bus.handle(ResourceContract.get(.model)) { (_: Inbound<ResourceQuery>) -> ResourceList in
            ResourceList(columns: ["name"], rows: [], items: [], continuation: "again")
        }
        try await core.serving { [core] in
            let run = await core.gedge("get", "models")
            #expect(run.code == .failed && run.error.contains("where it began"))
        }
    }

    private func serveRounds(_ rounds: [RoundSummary], page: Int) {
        core.bus.handle(FedLearnContract.rounds) { (request: Inbound<RoundReference>) -> RoundPage in
            guard request.body.jobUID == "u1", request.body.job.text == "digits" else {
                throw FakeCore.notFound(.trainingJob, request.body.job.text)
            }
            return RoundPage(rounds: Array(rounds.filter { $0.round > request.body.round }.prefix(page)))
        }
    }

    @Test func aJobIsPrintedWithAllItsRounds() async throws {
        let rounds = try (1...95).map { try SampleJob.round($0, accuracy: 0.5) }
        serveRounds(rounds, page: 30)
        core.serve(.trainingJob, [try SampleJob(rounds: 95, finished: rounds, held: 20).record()])
        let whole = try SampleJob(rounds: 95, finished: rounds).record()
        try await core.serving { [core] in
            let json = await core.gedge("get", "job/digits", "-o", "json")
            let record = try JSONDecoder().decode(ResourceRecord.self, from: Data(json.output.utf8))
            #expect(record == whole)
            let yaml = await core.gedge("get", "job/digits", "-o", "yaml")
            #expect(yaml.output.components(separatedBy: "round: ").count == 96)
            let report = await core.gedge("report", "job/digits").output
            #expect(report.contains("\"bytesToEdges\" : \(95 * 31_950)"))
        }
    }

    @Test func aWatchMissesNoRound() async throws {
        let rounds = try (1...95).map { try SampleJob.round($0, accuracy: 0.5) }
        serveRounds(rounds, page: 30)
        // A record with the newest 20 of 40, then one with the newest 20 of 95.
        core.serveWatch(
            [
                try SampleJob(rounds: 95, finished: Array(rounds.prefix(40)), held: 20).record(),
                try SampleJob(rounds: 95, phase: .succeeded, finished: rounds, held: 20).record(),
            ], stays: true)
        try await core.serving { [core] in
            let run = await core.gedge("watch", "job/digits")
            #expect(run.code == .success, "\(run.error)")
            #expect(
                run.lines.map { $0.split(separator: " ")[1] } == (1...95).map { "round=\($0)/95" })
        }
    }

    @Test func roundsThatTheCoreLacksAreAnError() async throws {
        let rounds = try (1...95).map { try SampleJob.round($0, accuracy: 0.5) }
        serveRounds([], page: 30)
        core.serve(.trainingJob, [try SampleJob(rounds: 95, finished: rounds, held: 20).record()])
        try await core.serving { [core] in
            let run = await core.gedge("get", "job/digits", "-o", "json")
            #expect(run.code == .failed && run.error.contains("lacks round 1 of job/digits"))
        }
    }
}
