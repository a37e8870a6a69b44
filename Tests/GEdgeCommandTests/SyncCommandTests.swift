import Contracts
import Core
import Foundation
import MessageBus
import Synchronization
import Testing

@testable import GEdgeCommand

struct SyncCommandTests {
    private let core: FakeCore

    init() throws { core = try FakeCore() }

    private static func transfer(_ id: String, _ phase: TransferPhase, tags: TransferTags? = nil) throws
        -> TransferStatus
    {
        TransferStatus(
            id: id, direction: .fetching, peers: [PeerID("edge-1")],
            manifest: try #require(Digest(hex: String(repeating: "a", count: 64))), tags: tags, phase: phase,
            wantedBytes: 100 << 20, doneBytes: 25 << 20, movedBytes: 5 << 20, deduplicatedBytes: 12 << 20,
            deltaSavedBytes: 6 << 20, compressionSavedBytes: 2 << 20, bytesPerSecond: 8_388_608, remainingSeconds: 9,
            attempts: 1, started: Timestamp(milliseconds: 0), updated: Timestamp(milliseconds: 0),
            rule: "policy/federated rule 2")
    }

    private func serveStatus(_ transfers: [TransferStatus], isPaused: Bool = false) {
        core.bus.handle(DataSyncContract.status) { (request: Inbound<SyncStatusQuery>) -> SyncStatus in
            if let edge = request.body.edge, edge.text != "edge-1" {
                throw Failure(code: "unreachable", message: "edge '\(edge)' is away", isRetriable: true)
            }
            return SyncStatus(
                transfers: transfers, isPaused: isPaused, pausedPeers: [], bytesPerSecondLimit: 0, peerLimits: [],
                flightBytes: 0, flightBudget: 1)
        }
    }

    @Test func statusSaysWhatMovesAndWhatWasSaved() async throws {
        let tags = TransferTags(artefact: .update, job: try Name("digits"), round: 3)
        serveStatus([try Self.transfer("17", .moving, tags: tags), try Self.transfer("18", .deferred)])
        try await core.serving { [core] () async throws -> Void in
            let run = await core.gedge("sync", "status")
            #expect(run.code == .success && run.lines.count == 3)
            #expect(run.lines[0].hasPrefix("ID  DIRECTION  PEER"))
            for word in [
                "17  fetching", "digits update round 3", "25% of 100.0 MiB", "8.0 MiB/s", "9.0s",
                "12.0 MiB there already, 6.0 MiB difference, 2.0 MiB compression", "policy/federated rule 2",
            ] {
                #expect(run.lines[1].contains(word), "\(word)")
            }
            #expect(run.lines[2].contains("aaaaaaaaaaaa") && run.lines[2].contains("deferred"))

            let json = await core.gedge("sync", "status", "-o", "json", "--edge", "edge/edge-1")
            let status = try JSONDecoder().decode(SyncStatus.self, from: Data(json.output.utf8))
            #expect(status.transfers.map(\.id) == ["17", "18"])
            #expect(await core.gedge("sync", "status", "-o", "name").lines == ["17", "18"])
            #expect(await core.gedge("sync", "status", "--edge", "edge-2").code == .unreachable)
            #expect(await core.gedge("sync", "status", "--edge", "Edge 2").code == .usage)
        }
    }

    @Test func nothingMovingIsNoError() async throws {
        serveStatus([])
        try await core.serving { [core] () async throws -> Void in
            let run = await core.gedge("sync", "status")
            #expect(run.code == .success && run.lines.count <= 1 && run.error == "")
        }
    }

    /// The drawing of one transfer fits the terminal and says rate, time left and savings.
    @Test(arguments: [40, 80, 200]) func theBarFits(width: Int) throws {
        let text = TransferText(palette: .plain).bar(try Self.transfer("1", .moving), width: width)
        #expect(TextWidth.columns(text) <= width)
        if width == 200 {
            #expect(
                text.contains("8.0 MiB/s") && text.contains("ETA 9.0s") && text.contains("saved 12.0 MiB there already")
            )
        }
    }

    @Test func controlNamesWhatItMeans() async throws {
        let box = OrderBox()
        core.bus.handle(DataSyncContract.control) { (request: Inbound<SyncControl>) -> SyncControlReply in
            box.orders.withLock { $0.append(request.body) }
            if request.body.transfer == "99" { throw Failure(code: "not-found", message: "there is no transfer '99'") }
            return SyncControlReply(affected: 1)
        }
        try await core.serving { [core] () async throws -> Void in
            #expect(await core.gedge("sync", "pause", "17").output == "1 transfer paused\n")
            #expect(await core.gedge("sync", "resume", "--peer", "edge-1", "--edge", "edge-2").code == .success)
            #expect(await core.gedge("sync", "cancel", "--all").output == "1 transfer cancelled\n")
            #expect(await core.gedge("sync", "limit", "10MB").output == "at most 9.5 MiB per second\n")
            #expect(await core.gedge("sync", "limit", "none", "--peer", "core").output == "no limit to core\n")
            #expect(await core.gedge("sync", "pause", "99").code == .notFound)
            #expect(await core.gedge("sync", "pause").code == .usage)
            #expect(await core.gedge("sync", "pause", "17", "--all").code == .usage)
            #expect(await core.gedge("sync", "limit", "fast").code == .usage)
            #expect(await core.gedge("sync", "limit", "0").code == .usage)
        }
        let seen = box.orders.withLock { $0 }
        #expect(seen.map(\.action) == [.pause, .resume, .cancel, .limit, .limit, .pause])
        #expect(seen[0].transfer == "17" && seen[1].peer == PeerID("edge-1") && seen[1].edge?.text == "edge-2")
        #expect(seen[3].bytesPerSecond == 10_000_000 && seen[4].bytesPerSecond == 0 && seen[4].peer == .core)
    }

    private final class OrderBox: Sendable { let orders = Mutex<[SyncControl]>([]) }

    private final class QuestionBox: Sendable { let questions = Mutex<[SyncExplainRequest]>([]) }

    private func serveExplain() -> QuestionBox {
        let box = QuestionBox()
        core.bus.handle(SyncPolicyContract.explain) { (request: Inbound<SyncExplainRequest>) -> SyncExplanation in
            let question = request.body
            box.questions.withLock { $0.append(question) }
            if let edge = question.edge {
                if edge.text == "away" { throw Failure(code: "unreachable", message: "'away' is not connected") }
                return SyncExplanation(
                    verdict: .refuse, cloud: PeerID(edge), rule: "edge configuration, raw data",
                    reason: "raw data stays", steps: ["looked", "refused: raw data stays"])
            }
            return SyncExplanation(
                verdict: .allow, cloud: .core, rule: "policy/mine rule 1", reason: "on change", priority: .bulk,
                codec: .zstd, retention: .last(3), consistency: .strict, steps: ["looked"])
        }
        return box
    }

    @Test func explainAsksBothSides() async throws {
        let box = serveExplain()
        core.serve(
            .trainingJob,
            [
                ResourceRecord(
                    kind: .trainingJob, metadata: ResourceMetadata(name: "digits"),
                    spec: .object(["sync": .string("mine"), "trainingType": .string("transfer")]), status: .object([:]))
            ])
        serveStatus([try Self.transfer("17", .deferred, tags: TransferTags(artefact: .features))])
        try await core.serving { [core] () async throws -> Void in
            let run = await core.gedge(
                "sync", "explain", "raw-data", "--from", "edge-1", "--job", "digits", "--bytes", "1MiB")
            #expect(run.code == .success)
            #expect(run.lines.first == "core allows it: on change")
            #expect(run.lines.contains("edge-1 refuses it: raw data stays"))
            #expect(run.lines.contains("  codec      zstd") && run.lines.contains("  kept       last 3"))
            let asked = box.questions.withLock { $0 }
            #expect(asked.map(\.edge?.text) == [nil, "edge-1"])
            #expect(asked[0].tags.policy?.text == "mine" && asked[0].tags.workload == .transfer)
            #expect(asked[0].tags.round == 1 && asked[0].bytes == 1 << 20)
            #expect(asked[0].from == PeerID("edge-1") && asked[0].to == .core)

            let transfer = await core.gedge("sync", "explain", "17", "-o", "json")
            #expect(try JSONDecoder().decode([SyncExplanation].self, from: Data(transfer.output.utf8)).count == 2)
            #expect(box.questions.withLock { $0.last }?.tags.artefact == .features)

            let away = await core.gedge("sync", "explain", "model", "--to", "away")
            #expect(away.code == .success && away.error.contains("away does not say"))
            let misspelt = await core.gedge("sync", "explain", "raw-dta", "--from", "edge-1")
            #expect(misspelt.code == .usage && misspelt.error.contains("did you mean 'raw-data'?"))
            #expect(await core.gedge("sync", "explain", "model").code == .usage)
            #expect(await core.gedge("sync", "explain", "model", "--to", "edge-1", "--job", "none").code == .notFound)
        }
    }

    @Test func auditListsWhoAskedForWhat() async throws {
        core.bus.handle(SyncPolicyContract.audit) { (request: Inbound<AuditQuery>) -> AuditList in
            guard request.body.edge != nil else { return AuditList(entries: []) }
            let entry = AuditEntry(
                first: Timestamp(milliseconds: 0), last: Timestamp(milliseconds: 60_000), count: 3, direction: .serving,
                peer: .core, manifest: try #require(Digest(hex: String(repeating: "b", count: 64))),
                artefact: .rawData, job: nil, dataset: try DatasetName("demo/line/one"),
                rule: "edge configuration, raw data",
                reason: "raw data stays at its edge\u{1B}[31m")
            return AuditList(entries: Array(repeating: entry, count: min(2, request.body.limit)))
        }
        try await core.serving { [core] () async throws -> Void in
            #expect(await core.gedge("sync", "audit").code == .success)
            let run = await core.gedge("sync", "audit", "--edge", "edge-1", "--limit", "1")
            #expect(run.lines.count == 2)
            #expect(run.lines[1].contains("1970-01-01T00:01:00.000Z") && run.lines[1].contains("serving"))
            #expect(run.lines[1].contains("raw-data demo/line/one") && !run.output.contains("\u{1B}"))
            let json = await core.gedge("sync", "audit", "--edge", "edge-1", "-o", "json")
            #expect(try JSONDecoder().decode([AuditEntry].self, from: Data(json.output.utf8)).count == 2)
            #expect(await core.gedge("sync", "audit", "--limit", "0").code == .usage)
        }
    }
}
