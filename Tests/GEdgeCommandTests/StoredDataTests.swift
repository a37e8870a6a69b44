import Contracts
import Core
import Foundation
import MessageBus
import Synchronization
import TestKit
import Testing

@testable import GEdgeCommand

struct StoredDataTests {
    private let core: FakeCore

    init() throws { core = try FakeCore() }

    private static func version(_ number: Int, isPinned: Bool = false) throws -> DatasetVersion {
        DatasetVersion(
            reference: DatasetReference(try DatasetName("demo/line/one"), version: number),
            manifest: try #require(Digest(hex: String(repeating: "\(number)", count: 64))),
            created: Timestamp(milliseconds: 0), entries: 12, rawBytes: 3 << 20, isComplete: true, isPinned: isPinned,
            artefact: .rawData)
    }

    private final class Requests: Sendable { let ingests = Mutex<[IngestRequest]>([]) }

    private func serveIngest(isUnchanged: Bool = false, ends: Bool = true) -> Requests {
        let requests = Requests()
        core.bus.handleStream(DataSyncContract.ingest) { request, writer in
            requests.ingests.withLock { $0.append(request.body) }
            for step in 1...3 where ends || step < 3 {
                try await writer.send(
                    IngestProgress(
                        entries: 4 * step, totalEntries: 12, rawBytes: step << 20, totalBytes: 3 << 20,
                        deduplicatedBytes: 1 << 20, compressionSavedBytes: 512 << 10,
                        version: step == 3 ? try Self.version(2) : nil, isUnchanged: isUnchanged))
            }
        }
        return requests
    }

    @Test func putStoresAVersion() async throws {
        let requests = serveIngest()
        core.serve(
            .dataset,
            [
                ResourceRecord(
                    kind: .dataset, metadata: ResourceMetadata(name: "demo/line/one"),
                    spec: .object(["artefact": .string("features")]), status: .object([:]))
            ])
        let path = core.directory.file("data.csv")
        try "1,2\n".write(toFile: path, atomically: true, encoding: .utf8)
        try await core.serving { [core] () async throws -> Void in
            let run = await core.gedge("data", "put", path, "demo/line/one", "--pin")
            #expect(run.code == .success && run.error == "")
            #expect(
                run.output
                    == "dataset/demo/line/one@2 stored: 12 entries, 3.0 MiB, 1.0 MiB there already, 512.0 KiB compression\n"
            )
            let name = await core.gedge(
                "data", "put", path, "dataset/demo/line/one", "--artefact", "model", "-o", "name")
            #expect(name.output == "dataset/demo/line/one@2\n")
            let asked = requests.ingests.withLock { $0 }
            #expect(asked.map(\.artefact) == [.features, .model] && asked.map(\.isPinned) == [true, false])
            #expect(asked[0].path.hasPrefix("/") && asked[0].path.hasSuffix("/data.csv"))

            #expect(await core.gedge("data", "put", path, "demo/line/one@3").code == .usage)
            #expect(await core.gedge("data", "put", path, "demo/line").code == .usage)
            #expect(await core.gedge("data", "put", path + ".none", "demo/line/one").code == .notFound)
            let drawn = await core.gedge("data", "put", path, "demo/line/one", interactive: true)
            #expect(drawn.error.contains("100%") && drawn.error.contains("1.0 MiB there already"))
        }
    }

    @Test func whatIsTheSameMakesNoVersion() async throws {
        _ = serveIngest(isUnchanged: true)
        core.serve(.dataset, [])
        try await core.serving { [core] () async throws -> Void in
            let run = await core.gedge("data", "put", core.directory.path, "demo/line/one")
            #expect(run.output == "dataset/demo/line/one@2 unchanged: 12 entries, 3.0 MiB\n")
        }
    }

    @Test func anIngestThatEndsEarlyIsNoSuccess() async throws {
        _ = serveIngest(ends: false)
        core.serve(.dataset, [])
        try await core.serving { [core] () async throws -> Void in
            let run = await core.gedge("data", "put", core.directory.path, "demo/line/one")
            #expect(run.code == .failed && run.error.contains("put it again") && run.output == "")
        }
    }

    @Test func listsDataSetsAndVersions() async throws {
        let versions = [try Self.version(1), try Self.version(2, isPinned: true)]
        core.bus.handle(DataSyncContract.catalogue) { (request: Inbound<CatalogueQuery>) -> CatalogueReply in
            if request.body.edge != nil { return CatalogueReply(datasets: []) }
            return CatalogueReply(
                datasets: [
                    CatalogueEntry(
                        dataset: versions[0].reference.dataset, versions: 2, newest: versions[1], rawBytes: 6 << 20)
                ])
        }
        core.bus.handle(DataSyncContract.versions) { (request: Inbound<VersionsQuery>) -> VersionList in
            guard request.body.dataset == versions[0].reference.dataset else {
                throw Failure(code: "missing", message: "there is no \(request.body.dataset) here")
            }
            return VersionList(versions: versions)
        }
        try await core.serving { [core] () async throws -> Void in
            #expect(await core.gedge("data", "ls").lines.last?.contains("demo/line/one") == true)
            #expect(await core.gedge("data", "ls", "-o", "name").output == "dataset/demo/line/one\n")
            #expect(await core.gedge("data", "ls", "--edge", "edge-1", "-o", "name").output == "")
            let run = await core.gedge("data", "ls", "demo/line/one")
            #expect(run.lines.count == 3 && run.lines[2].contains("complete, pinned") && run.lines[2].hasPrefix("@2"))
            #expect(
                await core.gedge("data", "ls", "demo/line/one@1", "-o", "name").output == "dataset/demo/line/one@1\n")
            #expect(await core.gedge("data", "ls", "demo/line/one@9").code == .notFound)
            #expect(await core.gedge("data", "ls", "demo/line/two").code == .notFound)
        }
    }

    @Test func removesAndPinsWhatIsNamed() async throws {
        core.bus.handle(DataSyncContract.removeVersion) { (request: Inbound<DatasetReference>) -> RemovalReply in
            if request.body.version == 2 { throw Failure(code: "conflict", message: "\(request.body) is pinned") }
            return RemovalReply(versions: request.body.version == nil ? 3 : 1)
        }
        core.bus.handle(DataSyncContract.pin) { (_: Inbound<PinRequest>) -> Empty in Empty() }
        try await core.serving { [core] () async throws -> Void in
            #expect(await core.gedge("data", "rm", "demo/line/one@1").output == "dataset/demo/line/one@1 deleted\n")
            let all = await core.gedge("data", "rm", "demo/line/one", "--all")
            #expect(all.output == "dataset/demo/line/one deleted (3 versions)\n")
            #expect(await core.gedge("data", "rm", "demo/line/one").code == .usage)
            #expect(await core.gedge("data", "rm", "demo/line/one@1", "--all").code == .usage)
            #expect(await core.gedge("data", "rm", "demo/line/one@2").code == .failed)
            #expect(await core.gedge("data", "pin", "demo/line/one@2").output == "dataset/demo/line/one@2 pinned\n")
            #expect(
                await core.gedge("data", "pin", "demo/line/one@2", "--off").output
                    == "dataset/demo/line/one@2 unpinned\n")
        }
    }

    @Test func damageIsAFailure() async throws {
        let damaged = try #require(Digest(hex: String(repeating: "d", count: 64)))
        core.bus.handleStream(DataSyncContract.verify) { request, writer in
            let found = request.body.reference == nil ? [damaged] : []
            for step in 1...2 {
                try await writer.send(
                    VerifyProgress(checkedBytes: step << 20, totalBytes: 2 << 20, damaged: found, isDone: step == 2))
            }
        }
        try await core.serving { [core] () async throws -> Void in
            let run = await core.gedge("data", "verify")
            #expect(run.code == .failed && run.lines == ["damaged: \(damaged)", "2.0 MiB checked, 1 damaged"])
            let sound = await core.gedge("data", "verify", "demo/line/one@1")
            #expect(sound.code == .success && sound.lines == ["2.0 MiB checked, 0 damaged"])
        }
    }
}
