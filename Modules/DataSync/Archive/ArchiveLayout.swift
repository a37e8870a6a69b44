import Contracts

/// The keys of an archive's objects below its prefix. Nothing is ever changed in place:
///
///     PREFIX writer                  who writes here: {"format":1,"writer":"…"}
///     PREFIX packs/ab/DIGEST         shards, one behind the other; named by the SHA-256 of its bytes
///     PREFIX indexes/MANIFEST        where each shard of a manifest lies
///     PREFIX labels/MANIFEST         what it was kept for when it was archived: {"references":["…"]}
///     PREFIX signatures/MANIFEST     who wrote a manifest, and the core that archived it: [{"key":"…","signature":"…"}]
///     PREFIX manifests/MANIFEST      a manifest's canonical JSON; written last, so that what it names is there
struct ArchiveLayout: Sendable {
    let prefix: String

    var writer: String { "\(prefix)writer" }
    var manifests: String { "\(prefix)manifests/" }
    var packs: String { "\(prefix)packs/" }

    func manifest(_ digest: Digest) -> String { "\(manifests)\(digest.hex)" }
    func index(_ digest: Digest) -> String { "\(prefix)indexes/\(digest.hex)" }
    func labels(_ digest: Digest) -> String { "\(prefix)labels/\(digest.hex)" }
    func signatures(_ digest: Digest) -> String { "\(prefix)signatures/\(digest.hex)" }
    func pack(_ key: LeafKey) -> String { "\(packs)\(key.digest.hex.prefix(2))/\(key.digest.hex)" }
}
