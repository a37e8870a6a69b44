/// How a listener knows who connects.
public enum ListenSecurity: Sendable {
    /// Peers are who they say they are: for `inproc`, and for `ipc` in a directory of mode 0700. Refused on `tcp`.
    case none
    /// CURVE: only keys that `directory` knows are admitted, and the key says who the peer is. Required on `tcp`.
    case curve(serverKeys: KeyPair, directory: any PeerDirectory)
    /// No encryption and no identity on loopback `tcp`, to measure what CURVE costs. Never in a product.
    package static var unencryptedForBenchmarksOnly: ListenSecurity { .unencrypted(BenchmarkOnly()) }
    /// Cannot be made outside of this package.
    case unencrypted(BenchmarkOnly)
}

/// How a connecting bus proves who it is and knows whom it talks to.
public enum ConnectSecurity: Sendable {
    /// For `inproc` and `ipc`.
    case none
    /// CURVE: this bus is `client`, and only a listener that has the secret half of `serverKey` is talked to.
    case curve(client: KeyPair, serverKey: PublicKey)
    /// As in `ListenSecurity`.
    package static var unencryptedForBenchmarksOnly: ConnectSecurity { .unencrypted(BenchmarkOnly()) }
    /// Cannot be made outside of this package.
    case unencrypted(BenchmarkOnly)
}

/// The permission to go without encryption, which only the package's own benchmarks can make.
public struct BenchmarkOnly: Sendable {
    package init() {}
}
