import Contracts
import Core
import MessageBus
import Synchronization
import TestKit
import Testing

@testable import DataSync

@Suite(.timeLimit(.minutes(2))) struct ObtainTests {
    private let directory: TemporaryDirectory
    private let context = BusContext()

    init() throws { directory = try TemporaryDirectory("obtain") }

    private final class Fetches: Sendable { let requests = Mutex<[FetchRequest]>([]) }

    /// A core whose fetches succeed and are recorded, and an edge that has one version of each kind of artefact.
    private func clouds() async throws -> (core: PolicyCore, edge: PolicyEdge, fetches: Fetches) {
        let core = try await PolicyCore.open(directory.file("core"), context: context)
        let edge = try await PolicyEdge.open(directory.file("edge"), context: context)
        let fetches = Fetches()
        core.bus.handle(DataSyncContract.fetch) { (request: Inbound<FetchRequest>) -> FetchReply in
            fetches.requests.withLock { $0.append(request.body) }
            return FetchReply(manifest: Manifest(shards: []), movedBytes: 7, movedShards: 1, presentShards: 0)
        }
        edge.bus.handle(DataSyncContract.versions) { (request: Inbound<VersionsQuery>) -> VersionList in
            guard let artefact = Artefact(rawValue: request.body.dataset.name.text) else {
                throw DataSyncError(.missing, "there is no \(request.body.dataset) here")
            }
            let version = DatasetVersion(
                reference: DatasetReference(request.body.dataset, version: 4),
                manifest: try #require(Digest(hex: String(repeating: "c", count: 64))), created: noon, entries: 1,
                rawBytes: 99, isComplete: true, isPinned: false, artefact: artefact)
            return VersionList(versions: [version])
        }
        return (core, edge, fetches)
    }

    private func obtain(_ core: PolicyCore, _ name: String, version: Int? = nil) async throws -> ObtainReply {
        let reference = DatasetReference(try DatasetName("demo/line/\(name)"), version: version)
        return try await core.bus.call(
            SyncPolicyContract.obtain, ObtainRequest(reference: reference, from: try Name("edge-1"))
        ).body
    }

    private func code(_ work: () async throws -> Void) async -> String {
        do {
            try await work()
            return "ok"
        } catch { return (error as? any ModuleError)?.code ?? "\(error)" }
    }

    @Test func whatTheRulesLetGoIsFetched() async throws {
        let (core, edge, fetches) = try await clouds()
        try await running(core, edge) { () async throws -> Void in
            try await edge.bus.ready(.core, timeout: .seconds(60))
            #expect(try await obtain(core, "model").movedBytes == 7)
            #expect(try await obtain(core, "model", version: 4).rawBytes == 99)
            // What is not there counts as raw data, unless its document says what it is.
            #expect(await code { _ = try await obtain(core, "model", version: 5) } == "refused")
            let document =
                "apiVersion: gedge/v1\nkind: Dataset\nmetadata: {group: demo, project: line, name: model}\n"
                + "spec: {artefact: model}"
            _ = try await core.apply(.dataset, document)
            #expect(await code { _ = try await obtain(core, "model", version: 5) } == "not-found")
            let asked = fetches.requests.withLock { $0 }
            #expect(asked.map(\.reference) == Array(repeating: "obtained/edge-1/demo/line/model@4", count: 2))
            #expect(asked.allSatisfy { $0.maximumBytes == 99 && $0.tags?.artefact == .model })
        }
    }

    /// A refusal is the same, and is in the audit, whether or not there is such a version.
    @Test func refusedRawDataSaysNothingOfItsExistence() async throws {
        let (core, edge, fetches) = try await clouds()
        try await running(core, edge) { () async throws -> Void in
            try await edge.bus.ready(.core, timeout: .seconds(60))
            #expect(await code { _ = try await obtain(core, "raw-data") } == "refused")
            #expect(await code { _ = try await obtain(core, "nothing") } == "refused")
            let entries = try await core.gate.audit.list(limit: 10)
            #expect(Set(entries.compactMap(\.dataset?.name.text)) == ["raw-data", "nothing"])
            #expect(entries.allSatisfy { $0.artefact == .rawData && $0.rule == "policy/default rule 5" })
            let requests = fetches.requests.withLock { $0 }
            #expect(requests.isEmpty)
        }
    }
}
