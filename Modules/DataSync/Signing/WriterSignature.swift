import Contracts
import MessageBus

/// A signature that was verified, and whose it is.
struct WriterSignature: Sendable, Hashable {
    let key: VerifyingKey
    let signature: [UInt8]
    let writer: PeerID

    /// As it goes to others.
    var told: ManifestSignature {
        ManifestSignature(key: key.hexadecimal, signature: VerifyingKey.hexadecimal(signature))
    }
}
