import Contracts
import Core
@testable import DataSync
import Foundation
import Telemetry
import TestKit
import Testing

@Suite(.timeLimit(.minutes(3)), .enabled(if: ObjectServer.isHere, "needs moto: run Tools/test"))
struct ArchiveDamageTests {
    private func archived(_ sizes: [Int], seed: UInt64) async throws -> (ObjectServer, Machine, Manifest, [String]) {
        let server = try await ObjectServer()
        let machine = try await Machine(server)
        let manifest = try await machine.manifest(sizes, seed: seed)
        _ = try await machine.archive.put(manifest, from: machine.shards)
        let packs = try await server.storedPacks().map { $0.replacingOccurrences(of: "PUT /archive/", with: "") }
        return (server, machine, manifest, packs)
    }

    @Test(arguments: ["corrupt", "truncate", "cut"]) func damageOnTheWayIsFetchedAgain(_ fault: String) async throws {
        let (server, machine, manifest, _) = try await archived([300_000, 200_000], seed: 1)
        try await server.set(.init(match: "GET /archive/gedge/packs/", do: fault, times: 2))
        let back = try await machine.fetched(manifest)
        #expect(back.count == 2)
        if fault != "cut" {
            #expect(machine.log.records.contains { $0.message.contains("damaged and fetched again") })
        }
        try await server.set(
            .init(match: "GET /archive/gedge/manifests/", do: fault, times: 2),
            .init(match: "GET /archive/gedge/indexes/", do: fault, times: 2))
        #expect(try await machine.archive.manifest(manifest.digest) == manifest)
        #expect(try await machine.fetched(manifest).count == 2)
    }

    @Test func damageThatStaysIsNamedAndRepaired() async throws {
        let (_, machine, manifest, packs) = try await archived([300_000, 200_000, 900_000, 4], seed: 2)
        let pack = try #require(packs.first)
        let objects = machine.archive.objects
        var bytes = try await objects.get(pack, range: nil, maximumBytes: 1 << 22).array
        // In the middle of the first shard's leaves.
        bytes[150_000] ^= 1
        _ = try await objects.put(pack, ShardBytes(bytes), condition: .always)
        let error = await expect(.corruptShard) { try await machine.fetched(manifest) }
        #expect(error?.message.contains(manifest.shards[0].digest.hex) == true)
        #expect(error?.message.contains(pack) == true)
        #expect(Set(try await machine.archive.verify(manifest.digest).keys) == [manifest.shards[0].digest])

        let repair = try await machine.archive.repair(manifest.digest, from: machine.shards)
        #expect(repair.damaged == 1 && repair.lost.isEmpty)
        #expect(try await machine.archive.verify(manifest.digest).isEmpty)
        #expect(try await machine.fetched(manifest).count == 4)
    }

    @Test(arguments: [0, 7, 100_000]) func aTruncatedOrMissingPackIsRepaired(_ left: Int) async throws {
        let (_, machine, manifest, packs) = try await archived([300_000, 200_000], seed: 3)
        let pack = try #require(packs.first)
        let objects = machine.archive.objects
        let bytes = try await objects.get(pack, range: nil, maximumBytes: 1 << 22).array
        let first = try await machine.fetched(manifest, [manifest.shards[0].digest])
        if left == 0 {
            try await objects.delete([pack])
        } else {
            _ = try await objects.put(pack, ShardBytes(Array(bytes[..<left])), condition: .always)
        }
        #expect(try await machine.archive.verify(manifest.digest).count == 2)
        // What is not here either is lost, and named.
        let repair = try await machine.archive.repair(manifest.digest, from: first)
        #expect(repair.damaged == 2 && repair.lost == [manifest.shards[1].digest])
        #expect(Set(try await machine.archive.verify(manifest.digest).keys) == [manifest.shards[1].digest])
    }

    @Test func objectsThatAreNotWhatTheyAreCalledAreRefused() async throws {
        let (_, machine, manifest, _) = try await archived([1000], seed: 4)
        let objects = machine.archive.objects
        let other = try await machine.manifest([2000], seed: 5)
        _ = try await objects.put(
            "gedge/manifests/\(other.digest.hex)", ShardBytes(manifest.canonicalBytes), condition: .always)
        await expect(.corruptShard) { try await machine.archive.manifest(other.digest) }
        _ = try await objects.put("gedge/indexes/\(manifest.digest.hex)", ShardBytes([1, 2, 3]), condition: .always)
        await expect(.corruptShard) { try await machine.fetched(manifest) }
        await expect(.missing) {
            try await machine.archive.manifest(try await machine.manifest([3000], seed: 6).digest)
        }
        await expect(.tooLarge) { try await machine.archive.manifest(manifest.digest, maximumBytes: 999) }
    }

    @Test func mutatedSectionsAndIndexesAreRefusedOrTheSame() async throws {
        var generator = SeededGenerator()
        let shards = MemoryShards()
        let shard = try #require(shards.add(MemoryShards.bytes(150_000, &generator)))
        let leaves = try await shards.storedLeaves(of: shard)
        var section = [UInt8](repeating: 0, count: ArchivedSection.byteCount(leaves))
        section.withUnsafeMutableBytes { ArchivedSection.write(leaves, to: $0) }
        #expect(try ArchivedSection.read(ShardBytes(section), shard: shard).list.digest == shard)

        let place = ArchiveIndex.Place(pack: LeafKey(shard), offset: 8, length: section.count)
        let index = ArchiveIndex(places: [shard: place])
        let encoded = index.encoded
        #expect(encoded.withUnsafeBytes { ArchiveIndex(encoded: $0) } == index)
        for _ in 0..<300 {
            var bytes = section
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            let isHead = Bool.random(using: &generator)
            bytes[isHead ? at % 136 : at] ^= UInt8.random(in: 1...255, using: &generator)
            if Int.random(in: 0...3, using: &generator) == 0 {
                bytes.removeLast(Int.random(in: 1...99, using: &generator))
            }
            #expect(throws: DataSyncError.self) { try ArchivedSection.read(ShardBytes(bytes), shard: shard) }
            var other = encoded
            other[Int.random(in: 0..<other.count, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
            #expect(other.withUnsafeBytes { ArchiveIndex(encoded: $0) } == nil)
            #expect(Array(other.dropLast()).withUnsafeBytes { ArchiveIndex(encoded: $0) } == nil)
        }
    }
}
