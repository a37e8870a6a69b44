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
                    tensor: 0, offset: 0),
                ShardSpec(
                    digest: try digest("84c4426d4f7c3fb46daf2e28151e2adbdb53091cd52dfbc76c7edf418b1ff65d"), size: 8,
                    tensor: 0, offset: 16),
                ShardSpec(
                    digest: try digest("621e6b9d912e2d0c9b2fc35bfd56ec75345026a6e61d0821763646eabacf47aa"), size: 8,
                    tensor: 1, offset: 0),
            ])
    }

    /// Computed by Python's `hashlib` over `json.dumps(…, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`.
    @Test func goldenDigest() throws {
        let manifest = try Self.golden()
        #expect(manifest.digest.hex == "1d745ce4e98d491a309179056340f50864e6e3a6561424128530ea6344dbe45c")
        _ = try ManifestRules().check(manifest, maximumBytes: 32)
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
        Hostile(name: "another version", code: .invalidManifest) { $0.version = 2 },
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
        Hostile(name: "a shard of no tensor", code: .invalidManifest) { $0.shards[2].tensor = 7 },
        Hostile(name: "a shard of a negative tensor", code: .invalidManifest) { $0.shards[2].tensor = -1 },
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
