import Contracts

/// What is signed: each begins with what it is, so that a signature of one thing is none of another.
enum SignedMessage {
    /// A manifest's digest covers all it says. The names it is published under are not part of it: one manifest may have
    /// many, and which one is meant is said on an authenticated connection.
    static func manifest(_ digest: Digest) -> [UInt8] {
        Array("GEdge manifest signature 1\n".utf8) + LeafKey(digest).bytes
    }

    /// That a key is the cloud's of this name.
    static func possession(of name: PeerID) -> [UInt8] { Array("GEdge signing key 1\n\(name.text)".utf8) }
}
