import Contracts
import Core
import Foundation
import MessageBus
import Store
import TestKit
import Testing

@testable import DataSync

/// Sources that claim the impossible, to a receiver in a process of its own: each is refused before it costs memory.
@Suite struct HostileMemoryTests {
    /// What a source offers and sends.
    struct Hostile: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let manifest: [UInt8]
        var item: (@Sendable () -> (PullItem, [UInt8]))?
    }

    /// What a refusal may cost beside the bytes that came: a few buffers, and what the allocator keeps.
    private static let allowedGrowth = 24 << 20

    private static func manifest(files: [FileSpec] = [], tensors: [TensorSpec] = [], shards: [ShardSpec]) -> [UInt8] {
        Manifest(tensors: tensors, files: files, shards: shards).canonicalBytes
    }

    private static let digest = Bytes.digest([1])

    /// More shards than there may be; a million are beyond what a message carries.
    private static func manyShards() -> [UInt8] {
        let shard = #"{"digest":"\#(digest)","entry":0,"leaves":1,"offset":0,"size":4}"#
        let shards = String(repeating: "\(shard),", count: 70_000) + shard
        return Array(#"{"files":[],"shards":[\#(shards)],"tensors":[{"name":"a","shape":[70001]}],"version":2}"#.utf8)
    }

    /// A gigabyte of zeros in 32 KiB, which claim to be a leaf of 64 KiB: a zstd frame (RFC 8878) of 8192 blocks that repeat a
    /// byte 131,072 times.
    private static func bomb() -> Hostile {
        let raw = [UInt8](repeating: 7, count: 64 << 10)
        var payload: [UInt8] = [1, 1, 0, 0] + withUnsafeBytes(of: UInt32(raw.count).littleEndian) { Array($0) }
        payload += [0x28, 0xb5, 0x2f, 0xfd, 0, 14 << 3]
        for number in 0..<8192 {
            let header = UInt32(131_072 << 3 | 1 << 1 | (number == 8191 ? 1 : 0))
            payload += withUnsafeBytes(of: header.littleEndian) { Array($0.prefix(3)) } + [0]
        }
        let bytes = payload
        let item = PullItem(parts: [
            PullPart(
                shard: 0,
                leaves: [PackedLeaf(skip: 0, encoding: .zstd, bytes: bytes.count).packed])
        ])
        return Hostile(
            testDescription: "a decompression bomb", code: "corrupt-shard",
            manifest: manifest(
                tensors: [TensorSpec(name: "a", shape: [raw.count / 4])],
                shards: [ShardSpec(digest: Bytes.digest(raw), size: raw.count, entry: 0, offset: 0, leaves: 1)]),
            item: { (item, bytes) })
    }

    static let cases: [Hostile] = [
        Hostile(testDescription: "more shards than there may be", code: "too-large", manifest: manyShards()),
        Hostile(
            testDescription: "a million entries that are none", code: "too-large",
            manifest: Array(
                #"{"files":[],"shards":[\#(String(repeating: "{},", count: 1_000_000)){}],"tensors":[],"version":2}"#
                    .utf8)),
        Hostile(
            testDescription: "a shard of 1 TB", code: "invalid-manifest",
            manifest: manifest(
                tensors: [TensorSpec(name: "a", shape: [1 << 20])],
                shards: [ShardSpec(digest: digest, size: 1 << 40, entry: 0, offset: 0, leaves: 128)])),
        Hostile(
            testDescription: "a tensor of 1 TB", code: "too-large",
            manifest: manifest(
                tensors: [TensorSpec(name: "a", shape: [1 << 38])],
                shards: [ShardSpec(digest: digest, size: 1 << 20, entry: 0, offset: 0, leaves: 16)])),
        Hostile(
            testDescription: "a path that leads outside", code: "invalid-manifest",
            manifest: manifest(
                files: [FileSpec(path: "../../etc/passwd", size: 4, mode: 0o644, modified: 0)],
                shards: [ShardSpec(digest: digest, size: 4, entry: 0, offset: 0, leaves: 1)])),
        bomb(),
    ]

    @Test(arguments: cases) func isRefusedBeforeItCostsMemory(_ hostile: Hostile) async throws {
        let directory = try TemporaryDirectory("datasync")
        for name in ["sockets", "edge", "idle"] { try StateDirectory.makePrivate(directory.file(name), parents: false) }
        let address = "ipc://\(directory.file("sockets"))/core"
        let core = try await Cloud.open(
            .core, directory: directory.file("core"), context: BusContext(), registers: false)
        let name = Bytes.digest(hostile.manifest)
        core.bus.handle(DataSyncContract.offer) { request -> Outbound<OfferReply> in
            guard request.body.manifest == name else { throw DataSyncError(.missing, "not here") }
            return Outbound(OfferReply(), attachments: [Attachment(hostile.manifest)])
        }
        core.bus.handleStream(DataSyncContract.pull) { _, writer in
            guard let (item, bytes) = hostile.item?() else { return }
            try await writer.send(item, attachments: [Attachment(bytes)])
        }
        try core.bus.listen(BusAddress(address), security: .none)
        try await running(core) {
            // What a receiver takes that is told at once that there is nothing.
            let idle = try await Self.fetch(Bytes.digest([0]), directory.file("idle"), address)
            #expect(idle.error.contains("missing"))
            let refused = try await Self.fetch(name, directory.file("edge"), address)
            #expect(refused.error.contains("[\(hostile.code)]"), "\(refused.error.prefix(300))")
            #expect(
                refused.peak - idle.peak < hostile.manifest.count + Self.allowedGrowth,
                "\(idle.peak >> 10) KiB without, \(refused.peak >> 10) KiB with \(hostile.manifest.count >> 10) KiB")
            let edge = try await Cloud.open(PeerID("edge-a"), directory: directory.file("edge"), context: BusContext())
            #expect(try await edge.shards.digests().isEmpty)
            await edge.database.close()
        }
    }

    /// - Returns: why it failed, and the most memory it had, in bytes.
    private static func fetch(_ manifest: Digest, _ path: String, _ address: String) async throws -> (
        error: String, peak: Int
    ) {
        let crasher = try Crasher("datasync-crasher", "fetch", path, address, manifest.hex)
        var error = ""
        var peak = 0
        while let line = try await crasher.line() {
            if line.hasPrefix("error ") { error = line }
            if line.hasPrefix("peak ") { peak = Int(line.dropFirst(5)) ?? 0 }
        }
        try #require(peak > 0 && !error.isEmpty)
        return (error, peak)
    }
}
