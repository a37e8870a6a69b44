import Contracts
import Core
import Testing

@testable import DataSync

/// What is moved in the model of a transfer: a few leaves, of which shards are made, of which manifests are made, so that all of
/// them have something in common.
struct ProtocolContent: Sendable {
    private(set) var leaves: [LeafKey: [UInt8]] = [:]
    private(set) var lists: [Digest: LeafList] = [:]
    private(set) var bytes: [Digest: [UInt8]] = [:]
    private(set) var manifests: [Manifest] = []

    /// - Parameters:
    ///   - sizes: of the leaves.
    ///   - shards: leaves of each shard, by number.
    ///   - manifests: shards of each manifest, by number.
    init(leaves sizes: [Int], shards: [[Int]], manifests: [[Int]]) throws {
        let pieces = sizes.enumerated().map { Bytes.noise($1, seed: UInt64(900 + $0)) }
        var made: [LeafList] = []
        for shard in shards {
            let parts = shard.map { pieces[$0] }
            let all = parts.map { Leaf(key: LeafKey(Bytes.digest($0)), size: $0.count) }
            let list = try #require(LeafList(all))
            for (leaf, part) in zip(all, parts) { leaves[leaf.key] = part }
            lists[list.digest] = list
            bytes[list.digest] = parts.flatMap { $0 }
            made.append(list)
        }
        for manifest in manifests {
            var offset = 0
            let specs = manifest.map { number in
                defer { offset += made[number].size }
                return ShardSpec(
                    digest: made[number].digest, size: made[number].size, entry: 0, offset: offset,
                    leaves: made[number].leaves.count)
            }
            self.manifests.append(
                Manifest(files: [FileSpec(path: "f", size: offset, mode: 0o600, modified: 0)], shards: specs))
        }
    }

    /// Six leaves in six shards in three manifests.
    static func shared() throws -> ProtocolContent {
        try ProtocolContent(
            leaves: [300, 500, 200, 700, 64, 401], shards: [[0, 1], [1, 2], [2], [0, 3, 0], [4], [5, 4, 1]],
            manifests: [[0, 1, 2], [1, 3, 4], [4, 5]])
    }

    func shards(of manifest: Digest) -> [Digest] {
        manifests.first { $0.digest == manifest }?.shards.map(\.digest) ?? []
    }

    /// A shard as it arrives; the leaves in `present` are counted on.
    func arrived(_ digest: Digest, present: Set<LeafKey>) throws -> ArrivedShard {
        let list = try #require(lists[digest])
        return ArrivedShard(
            digest: digest, list: list,
            contents: list.leaves.enumerated().map { index, leaf in
                if present.contains(leaf.key) { return .present }
                let bytes = ShardBytes(leaves[leaf.key] ?? [])
                return index % 2 == 0 ? .encoded(.raw, bytes) : .raw(bytes)
            })
    }

    /// The same, but something about it is wrong.
    func damaged(_ digest: Digest, present: Set<LeafKey>, _ random: inout SplitMix64) throws -> ArrivedShard {
        let sound = try arrived(digest, present: present)
        var contents = sound.contents
        let index = Int.random(in: contents.indices, using: &random)
        var bytes = leaves[sound.list.leaves[index].key] ?? []
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 1: bytes.removeLast()
        case 2: bytes.append(0)
        default: bytes = Bytes.noise(bytes.count, seed: random.next())
        }
        contents[index] = .raw(ShardBytes(bytes))
        return ArrivedShard(digest: digest, list: sound.list, contents: contents)
    }
}
