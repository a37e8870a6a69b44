/// Who wrote a manifest. A signature is Ed25519 over the ASCII `GEdge manifest signature 1`, a line feed, and the 32 bytes of
/// the manifest's digest; whose it is follows from the key, and whose key it is from the connection it was told on.
extension DataSyncContract {
    /// The core to the edge that a manifest comes from: by which key does it sign?
    public static let signer = Call<Empty, SignerReply>("datasync.signer", audience: .anyone)
    /// Edge to core: whose key signed a manifest?
    public static let writer = Call<WriterQuery, WriterReply>("datasync.writer", audience: .anyone)
}

/// One writer's signature of a manifest.
public struct ManifestSignature: Codable, Sendable, Hashable {
    /// The Ed25519 public key, 64 hexadecimal digits.
    public var key: String
    /// 128 hexadecimal digits.
    public var signature: String

    public init(key: String, signature: String) {
        self.key = key
        self.signature = signature
    }
}

public struct SignerReply: Codable, Sendable {
    /// As in `ManifestSignature`.
    public var key: String
    /// The key's signature over the ASCII `GEdge signing key 1`, a line feed, and the cloud's name: nobody can pass another's
    /// key for its own.
    public var proof: String

    public init(key: String, proof: String) {
        self.key = key
        self.proof = proof
    }
}

public struct WriterQuery: Codable, Sendable {
    public var manifest: Digest
    /// As in `ManifestSignature`.
    public var key: String

    public init(manifest: Digest, key: String) {
        self.manifest = manifest
        self.key = key
    }
}

public struct WriterReply: Codable, Sendable {
    /// Absent when the key is nobody's whose signature counts: an edge's that is not enrolled (any more), unless the core
    /// verified this very signature before.
    public var writer: PeerID?

    public init(writer: PeerID?) { self.writer = writer }
}
