import Contracts
import Core
import Store
import Testing

@testable import DataSync

/// Bytes of the kinds that matter to a shard.
enum Bytes {
    /// Like weights: noise that does not compress.
    static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            for start in stride(from: 0, to: count, by: 8) {
                withUnsafeBytes(of: random.next()) { word in
                    for index in start..<min(count, start + 8) { buffer[index] = word[index - start] }
                }
            }
            initialized = count
        }
    }

    /// Text-like: a small alphabet in runs.
    static func text(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 64)
        while bytes.count < count {
            bytes += repeatElement(
                UInt8.random(in: 97...110, using: &random), count: Int.random(in: 1...40, using: &random))
        }
        return Array(bytes.prefix(count))
    }

    static func hex(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    static func digest(_ bytes: [UInt8]) -> Digest { bytes.withUnsafeBytes { SHA256.digest(of: $0) } }
}

extension ShardStore {
    /// Stores bytes durably as one shard of leaves of 64 KiB.
    @discardableResult
    func put(_ bytes: [UInt8], leafBytes: Int = 64 << 10) async throws -> LeafList {
        try await put([NewShard(bytes: ShardBytes(bytes), leafBytes: leafBytes)])[0]
    }

    func array(_ digest: Digest) async throws -> [UInt8] { try await raw(digest).withUnsafeBytes { [UInt8]($0) } }

    func row(_ key: LeafKey) async throws -> LeafRow? {
        try await database.read { try ShardIndex(connection: $0).leaf(key) }
    }

    /// Changes a bit in the middle of the payload of a shard's first leaf.
    func flipBit(_ digest: Digest) async throws {
        let leaf = try #require(try await list(digest)).leaves[0]
        let row = try #require(try await row(leaf.key))
        try files.flip(row.position.segment, at: row.position.offset + 48 + row.record.stored / 2, bit: 2)
    }
}

extension SegmentFiles {
    func flip(_ segment: Int, at offset: Int, bit: Int) throws {
        let buffer = ShardBuffer(capacity: 1)
        let segment = try file(segment)
        #expect(try segment.file.read(into: [buffer.memory], at: offset) == 1)
        buffer.memory[0] ^= 1 << UInt8(bit)
        try segment.file.write([buffer.bytes(0..<1)], at: offset)
    }
}

extension ShardBytes {
    init(_ bytes: [UInt8]) { self = bytes.withUnsafeBytes { ShardBytes(copying: $0) } }
}
