import Contracts
import Core
@testable import DataSync
import Foundation
import Store
import Telemetry
import TestKit
import Testing

extension ObjectServer {
    /// The packs that were stored so far, in order.
    func storedPacks() async throws -> [String] {
        try await log().filter { $0.hasPrefix("PUT /archive/gedge/packs/") && !$0.contains("partNumber") }
    }
}

@Suite(.timeLimit(.minutes(3)), .enabled(if: ObjectServer.isHere, "needs moto: run Tools/test"))
struct ShardArchiveTests {
    @Test func aManifestComesBackWhole() async throws {
        let server = try await ObjectServer()
        let machine = try await Machine(server)
        let manifest = try await machine.manifest([400_000, 4, 300_000, 65_536, 900_000, 8], seed: 1)
        #expect(try await machine.archive.has(manifest.digest) == false)
        let stored = try await machine.archive.put(manifest, from: machine.shards)
        #expect(stored.shards == Set(manifest.shards.map(\.digest)).count && !stored.wasPresent)
        #expect(try await machine.archive.has(manifest.digest))
        #expect(try await machine.archive.list() == [manifest.digest])
        #expect(try await machine.archive.manifest(manifest.digest) == manifest)
        #expect(try await machine.archive.verify(manifest.digest).isEmpty)
        let back = try await machine.fetched(manifest)
        for shard in manifest.shards {
            let old = try await machine.shards.storedLeaves(of: shard.digest).map(\.payload.array)
            #expect(try await back.storedLeaves(of: shard.digest).map(\.payload.array) == old)
        }
        // Six shards, two packs: small ones share.
        #expect(try await server.storedPacks().count == 2)
    }

    @Test func whatIsThereIsNotSentAgain() async throws {
        let server = try await ObjectServer()
        let machine = try await Machine(server)
        let first = try await machine.manifest([500_000, 500_000], seed: 1)
        _ = try await machine.archive.put(first, from: machine.shards)
        let before = try await server.storedPacks()
        let again = try await machine.archive.put(first, from: machine.shards)
        #expect(again.wasPresent && again.bytes == 0)
        // The second has a shard of the first and one of its own.
        var generator = SeededGenerator(seed: 2)
        let own = try await machine.add(MemoryShards.bytes(600_000, &generator))
        var shared = first.shards[0]
        shared.offset = 600_000
        let second = Manifest(tensors: [TensorSpec(name: "w", shape: [275_000])], shards: [own, shared])
        let stored = try await machine.archive.put(second, from: machine.shards)
        #expect(stored.shards == 1 && stored.presentShards == 1 && stored.bytes < 620_000)
        #expect(try await server.storedPacks().count == before.count + 1)

        // Only what the other does not need goes.
        try await machine.archive.remove(first.digest)
        #expect(try await machine.archive.list() == [second.digest])
        #expect(try await machine.archive.verify(second.digest).isEmpty)
        try await machine.archive.remove(second.digest)
        let objects = try await machine.archive.objects.list(prefix: "", after: nil).objects.map(\.key)
        #expect(objects == ["gedge/writer"])
        // And what went can come again.
        #expect(try await machine.archive.put(first, from: machine.shards).shards == 2)
        #expect(try await machine.archive.verify(first.digest).isEmpty)
    }

    @Test func anInterruptedCopyGoesOnBehindTheLastPack() async throws {
        let server = try await ObjectServer()
        let machine = try await Machine(server)
        let manifest = try await machine.manifest([Int](repeating: 800_000, count: 6), seed: 3)
        try await server.set(.init(match: "PUT /archive/gedge/packs/", do: "503", times: 6, after: 3))
        await expect(.objectStore, retriable: true) {
            try await machine.archive.put(manifest, from: machine.shards)
        }
        #expect(try await machine.archive.has(manifest.digest) == false)
        let stored = try await machine.archive.put(manifest, from: machine.shards)
        #expect(stored.presentShards == 3 && stored.shards == 3)
        #expect(Set(try await server.storedPacks()).count == 6)
        #expect(try await machine.archive.verify(manifest.digest).isEmpty)
    }

    @Test func aPackOfAnotherMachinesMakingIsRecognised() async throws {
        let server = try await ObjectServer()
        let machine = try await Machine(server)
        let manifest = try await machine.manifest([800_000, 800_000], seed: 4)
        _ = try await machine.archive.put(manifest, from: machine.shards)
        let before = try await server.storedPacks()
        // The records are lost, and so is the manifest's object; the packs are there.
        try await machine.archive.objects.delete(["gedge/manifests/\(manifest.digest.hex)"])
        try await machine.database.write { try $0.execute("DELETE FROM datasync_archive_shards") }
        let stored = try await machine.archive.put(manifest, from: machine.shards)
        #expect(stored.shards == 2 && stored.bytes == 0)
        #expect(try await server.storedPacks() == before)
        // A pack that somebody removed is made again, though the records have it.
        let pack = try #require(before.first).replacingOccurrences(of: "PUT /archive/", with: "")
        try await machine.archive.objects.delete([pack, "gedge/manifests/\(manifest.digest.hex)"])
        #expect(try await machine.archive.put(manifest, from: machine.shards).shards == 1)
        #expect(try await machine.archive.verify(manifest.digest).isEmpty)
    }

    @Test func largePacksGoInParts() async throws {
        let server = try await ObjectServer()
        let machine = try await Machine(server, packBytes: 14 << 20)
        let manifest = try await machine.manifest([Int](repeating: 2 << 20, count: 6), seed: 5)
        _ = try await machine.archive.put(manifest, from: machine.shards)
        #expect(try await server.log().contains { $0.contains("partNumber=2") })
        #expect(try await machine.archive.verify(manifest.digest).isEmpty)
    }

    @Test func onlyOneMachineWritesBelowAPrefix() async throws {
        let server = try await ObjectServer()
        let first = try await Machine(server)
        let second = try await Machine(server)
        let manifest = try await first.manifest([1000], seed: 6)
        _ = try await first.archive.put(manifest, from: first.shards)
        let error = await expect(.invalidRequest) {
            try await second.archive.put(await second.manifest([1000], seed: 7), from: second.shards)
        }
        #expect(error?.message.contains("gedge/writer") == true)
        await expect(.invalidRequest) { try await second.archive.remove(manifest.digest) }
        // Reading is free, and another prefix is, too.
        #expect(try await second.archive.verify(manifest.digest).isEmpty)
        let third = try await Machine(server, prefix: "other/")
        #expect(try await third.archive.put(await third.manifest([1000], seed: 8), from: third.shards).shards == 1)
    }

    @Test(arguments: ["/x/", "x", "a b/", "ü/"]) func wrongPrefixesAreRefused(_ prefix: String) async throws {
        let server = try await ObjectServer()
        await expect(.invalidRequest) { try await Machine(server, prefix: prefix) }
    }
}
