import Contracts
import Core
@testable import DataSync
import Foundation
import Store
import Telemetry
import TestKit
import Testing

@Suite(.timeLimit(.minutes(3)), .enabled(if: ObjectServer.isHere, "needs moto: run Tools/test"))
struct ArchiveServiceTests {
    private let wallClock = ManualWallClock(Timestamp(milliseconds: 1_000_000_000))

    private func service(
        _ machine: Machine, _ change: (inout ArchiveServiceConfiguration) -> Void = { _ in }
    ) -> ArchiveService {
        var configuration = ArchiveServiceConfiguration()
        configuration.settle = .seconds(60)
        change(&configuration)
        return ArchiveService(
            archive: machine.archive, database: machine.database, local: machine.shards, configuration: configuration,
            logger: Logger(label: "archive", sink: machine.log), wallClock: wallClock)
    }

    private func record(_ manifest: Manifest, _ owner: String, on machine: Machine, isComplete: Bool = true)
        async throws
    {
        let now = wallClock.now()
        try await machine.database.write { connection in
            let catalogue = Catalogue(connection: connection)
            try catalogue.insert(manifest, digest: manifest.digest, now: now)
            try catalogue.hold(manifest.digest, for: owner)
            _ = try catalogue.setComplete(manifest.digest, isComplete)
        }
    }

    @Test func completeManifestsAreCopiedOnceTheyHaveSettled() async throws {
        let server = try await ObjectServer()
        let machine = try await Machine(server)
        let service = service(machine) { $0.references = ["fedlearn/"] }
        let kept = try await machine.manifest([100_000], seed: 1)
        let other = try await machine.manifest([100_000], seed: 2)
        let partial = try await machine.manifest([100_000], seed: 3)
        try await record(kept, "fedlearn/job/1/global", on: machine)
        try await record(other, "elsewhere/x", on: machine)
        try await record(partial, "fedlearn/job/2/global", on: machine, isComplete: false)
        #expect(try await service.pass() == (0, 0))
        wallClock.advance(by: .seconds(61))
        #expect(try await service.pass() == (1, 0))
        #expect(try await machine.archive.list() == [kept.digest])
        let before = try await server.log().count
        #expect(try await service.pass() == (0, 0))
        // A pass that has nothing to do asks the store nothing.
        #expect(try await server.log().count == before)
    }

    @Test func whatIsDamagedHereComesBackFromTheArchive() async throws {
        let server = try await ObjectServer()
        let machine = try await Machine(server)
        let service = service(machine) { $0.settle = .zero }
        let manifest = try await machine.manifest([100_000, 200_000], seed: 1)
        try await record(manifest, "x", on: machine)
        #expect(try await service.pass() == (1, 0))
        // A bit of its first leaf flips on the disk, which the next reader finds.
        let segment = machine.directory.file("shards/segments/00000001.seg")
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: segment))
        try file.seek(toOffset: 1000)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: 1000)
        try file.write(contentsOf: Data([byte ^ 1]))
        try file.close()
        await expect(.corruptShard) { try await machine.shards.raw(manifest.shards[0].digest) }
        #expect(try await machine.shards.missing(manifest.shards.map(\.digest)) == [manifest.shards[0].digest])
        #expect(try await service.pass() == (0, 1))
        #expect(try await machine.shards.raw(manifest.shards[0].digest).count == 100_000)
        let entry = try await machine.database.read { try Catalogue(connection: $0).entry(manifest.digest) }
        #expect(entry?.isComplete == true)
    }

    @Test func aNewMachineRestoresWhatAnotherArchived() async throws {
        let server = try await ObjectServer()
        let first = try await Machine(server)
        let manifest = try await first.manifest([100_000, 4, 3_000_000], seed: 1)
        try await record(manifest, "x", on: first)
        _ = try await service(first) { $0.settle = .zero }.pass()
        let second = try await Machine(server)
        let found = try await second.archive.list()
        #expect(found == [manifest.digest])
        #expect(try await second.archive.references(of: found[0]) == ["x"])
        let restored = try await service(second).restore(found[0], reference: "restored/1")
        #expect(restored == manifest)
        for shard in manifest.shards { #expect(try await second.shards.raw(shard.digest).count == shard.size) }
        let entry = try await second.database.read { try Catalogue(connection: $0).entry(manifest.digest) }
        #expect(entry?.isComplete == true)
        await expect(.missing) {
            try await service(second).restore(try await first.manifest([8], seed: 2).digest, reference: "x")
        }
    }

    @Test func removalsAreMirroredWhenAskedFor() async throws {
        let server = try await ObjectServer()
        let machine = try await Machine(server)
        let manifest = try await machine.manifest([100_000], seed: 1)
        try await record(manifest, "x", on: machine)
        _ = try await service(machine) { $0.settle = .zero }.pass()
        try await machine.database.write { _ = try Catalogue(connection: $0).release(prefix: "x") }
        _ = try await service(machine).pass()
        #expect(try await machine.archive.list() == [manifest.digest])
        _ = try await service(machine) { $0.retention = .mirror }.pass()
        #expect(try await machine.archive.list().isEmpty)
    }

    @Test func anArchiveThatIsAwayIsToldOnceAndWaitedFor() async throws {
        let server = try await ObjectServer()
        let machine = try await Machine(server)
        let service = service(machine) { $0.settle = .zero }
        try await record(await machine.manifest([100_000], seed: 1), "x", on: machine)
        try await server.set(.init(match: "PUT", do: "503", times: 12))
        for _ in 0..<2 { await expect(.objectStore) { try await service.pass() } }
        #expect(try await service.pass() == (1, 0))
        let told = machine.log.records.filter { $0.message.contains("cannot be used") }
        #expect(told.count == 1)
        #expect(machine.log.records.contains { $0.message.contains("answers again") })
    }
}
