import Contracts
import Core
import DataSync
import Foundation
import Testing

@Suite struct ManifestTests {
    private static func digest(_ hex: String) throws -> Digest { try #require(Digest(hex: hex)) }

    /// Two tensors of floats and an empty one, with names that need every kind of escape.
    static func golden() throws -> Manifest {
        Manifest(
            tensors: [
                TensorSpec(name: "dense0.weight", shape: [2, 3]),
                TensorSpec(name: "편향/\"b\"\\\n\u{1}", shape: [2]),
                TensorSpec(name: "empty", shape: [0]),
            ],
            shards: [
                ShardSpec(
                    digest: try digest("f8788ce138a2b6e54302c09bd3d5274cb2fc3ceca6425b02c788181d332edc6d"), size: 16,
                    entry: 0, offset: 0),
                ShardSpec(
                    digest: try digest("84c4426d4f7c3fb46daf2e28151e2adbdb53091cd52dfbc76c7edf418b1ff65d"), size: 8,
                    entry: 0, offset: 16),
                ShardSpec(
                    digest: try digest("621e6b9d912e2d0c9b2fc35bfd56ec75345026a6e61d0821763646eabacf47aa"), size: 8,
                    entry: 1, offset: 0),
            ])
    }

    /// Computed by Python's `hashlib` over `json.dumps(…, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`.
    @Test func goldenDigest() throws {
        let manifest = try Self.golden()
        #expect(manifest.digest.hex == "ea8f65c6cab6067b7fe573bd206081c3cf7134917233dcb588baddac47e677b2")
        _ = try ManifestRules().check(manifest, maximumBytes: 32)
    }

    /// Computed in the same way.
    static func goldenFiles() throws -> Manifest {
        Manifest(
            files: [
                FileSpec(path: "a.txt", size: 5, mode: 0o644, modified: 1_700_000_000_123),
                FileSpec(path: "b/c", size: 11, mode: 0o755, modified: 0),
                FileSpec(path: "b/편\"향", size: 0, mode: 0o600, modified: -1),
            ],
            shards: [
                ShardSpec(
                    digest: try digest("f8788ce138a2b6e54302c09bd3d5274cb2fc3ceca6425b02c788181d332edc6d"), size: 16,
                    entry: 0, offset: 0, leaves: 2)
            ])
    }

    @Test func goldenDigestOfFiles() throws {
        let manifest = try Self.goldenFiles()
        #expect(manifest.digest.hex == "a4e010f8e85de877c1440936758a90dd13ec6a65df747e2d81e228f125a7d201")
        #expect(try ManifestRules().check(manifest, maximumBytes: 16) == 16)
        let back = try JSONDecoder().decode(Manifest.self, from: Data(manifest.canonicalBytes))
        #expect(back == manifest)
    }

    @Test func goldenDigestOfAShard() throws {
        let leaves = ["hello ", "world"].map { word in
            Leaf(key: Array(word.utf8).withUnsafeBytes { SHA256.key(of: $0) }, size: word.utf8.count)
        }
        let list = try #require(LeafList(leaves))
        #expect(list.size == 11)
        #expect(list.digest.hex == "a968e639ca3679a3dab4b7f5249c161b3f8515e764d38bfaf4bc0248df76fc97")
        #expect(list.encoded.withUnsafeBytes { LeafList(encoded: $0) } == list)
        #expect(LeafList([leaves[0]])?.digest == leaves[0].key.digest)
    }

    @Test func everyByteOfANameIsEscapedAsJSONDemands() throws {
        for scalar in 0..<UInt32(300) {
            let name = "a\(Character(try #require(Unicode.Scalar(scalar))))b"
            let manifest = Manifest(tensors: [TensorSpec(name: name, shape: [1, 0])], shards: [])
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let back = try JSONDecoder().decode(Manifest.self, from: Data(manifest.canonicalBytes))
            #expect(back == manifest, "U+\(String(scalar, radix: 16))")
            #expect(try encoder.encode(manifest) == Data(manifest.canonicalBytes), "U+\(String(scalar, radix: 16))")
        }
    }

    @Test func nistVectorOfSHA256() {
        let digest = Array("abc".utf8).withUnsafeBytes { SHA256.digest(of: $0) }
        #expect(digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    struct Hostile: Sendable, CustomTestStringConvertible {
        let name: String
        let code: DataSyncError.Kind
        let change: @Sendable (inout Manifest) -> Void

        var testDescription: String { name }
    }

    static let hostile: [Hostile] = [
        Hostile(name: "another version", code: .invalidManifest) { $0.version = 1 },
        Hostile(name: "a gap", code: .invalidManifest) { $0.shards[1].offset = 17 },
        Hostile(name: "an overlap", code: .invalidManifest) { $0.shards[1].offset = 8 },
        Hostile(name: "a negative offset", code: .invalidManifest) { $0.shards[1].offset = -16 },
        Hostile(name: "a size of nothing", code: .invalidManifest) { $0.shards[0].size = 0 },
        Hostile(name: "a negative size", code: .invalidManifest) { $0.shards[0].size = -1 },
        Hostile(name: "a shard of 1 TB", code: .invalidManifest) { $0.shards[0].size = 1 << 40 },
        Hostile(name: "a shard of all there is", code: .invalidManifest) { $0.shards[0].size = .max },
        Hostile(name: "a shard beyond its tensor", code: .invalidManifest) { $0.shards[1].size = 16 },
        Hostile(name: "a shard missing at the end", code: .invalidManifest) { $0.shards.removeLast() },
        Hostile(name: "no shards", code: .invalidManifest) { $0.shards = [] },
        Hostile(name: "a shard too many", code: .invalidManifest) { $0.shards.append($0.shards[2]) },
        Hostile(name: "shards out of order", code: .invalidManifest) { $0.shards.swapAt(0, 1) },
        Hostile(name: "a shard of no tensor", code: .invalidManifest) { $0.shards[2].entry = 7 },
        Hostile(name: "a shard of a negative tensor", code: .invalidManifest) { $0.shards[2].entry = -1 },
        Hostile(name: "one shard, two sizes", code: .invalidManifest) { $0.shards[1].digest = $0.shards[0].digest },
        Hostile(name: "two tensors of one name", code: .invalidManifest) { $0.tensors[1].name = "dense0.weight" },
        Hostile(name: "a tensor without a name", code: .invalidManifest) { $0.tensors[1].name = "" },
        Hostile(name: "a name of a megabyte", code: .invalidManifest) {
            $0.tensors[1].name = String(repeating: "x", count: 1 << 20)
        },
        Hostile(name: "a negative dimension", code: .invalidManifest) { $0.tensors[1].shape = [-2, -1] },
        Hostile(name: "a shape that overflows", code: .tooLarge) { $0.tensors[1].shape = [1 << 40, 1 << 40] },
        Hostile(name: "a hundred dimensions", code: .invalidManifest) {
            $0.tensors[1].shape = Array(repeating: 1, count: 100)
        },
        Hostile(name: "tensors that overflow together", code: .tooLarge) {
            $0.tensors[0].shape = [Int.max / 4]
            $0.tensors[1].shape = [Int.max / 4]
        },
        Hostile(name: "a shard of no leaves", code: .invalidManifest) { $0.shards[0].leaves = 0 },
        Hostile(name: "a shard of a million leaves", code: .invalidManifest) { $0.shards[0].leaves = 1_000_000 },
        Hostile(name: "more leaves than bytes", code: .invalidManifest) { $0.shards[0].leaves = 17 },
        Hostile(name: "tensors and files", code: .invalidManifest) {
            $0.files = [FileSpec(path: "a", size: 32, mode: 0o644, modified: 0)]
        },
        Hostile(name: "more than was expected", code: .tooLarge) { $0.tensors[1].shape = [3] },
        Hostile(name: "a million shards", code: .tooLarge) { manifest in
            manifest.shards = Array(repeating: manifest.shards[0], count: 1_000_000)
        },
        Hostile(name: "a million tensors", code: .tooLarge) { manifest in
            manifest.tensors = Array(repeating: manifest.tensors[0], count: 1_000_000)
        },
    ]

    @Test(arguments: hostile) func isRefused(_ hostile: Hostile) throws {
        var manifest = try Self.golden()
        hostile.change(&manifest)
        let error = #expect(throws: DataSyncError.self) {
            try ManifestRules().check(manifest, maximumBytes: 32)
        }
        #expect(error?.code == hostile.code.rawValue, "\(String(describing: error))")
        #expect((error?.message.utf8.count ?? 0) < 400)
    }

    @Test func transfersGoTheirWay() {
        typealias State = TransferState
        let allowed: [(State, State)] = [
            (.wanted, .moving), (.moving, .verified), (.verified, .complete), (.verified, .moving),
            (.complete, .moving),
        ]
        for from in State.allCases {
            for to in State.allCases {
                let expected = from == to || allowed.contains { $0 == (from, to) }
                #expect(from.canBecome(to) == expected, "\(from) to \(to)")
            }
        }
    }
}
