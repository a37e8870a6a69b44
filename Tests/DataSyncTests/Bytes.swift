import Contracts
import Core

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
    /// Stores bytes durably.
    func put(_ bytes: [UInt8]) throws -> StoredShard {
        let staged = try bytes.withUnsafeBytes { try stage($0) }
        try commit([staged])
        return staged.shard
    }

    func array(_ digest: Digest) throws -> [UInt8] { try raw(digest).withUnsafeBytes { [UInt8]($0) } }
}
