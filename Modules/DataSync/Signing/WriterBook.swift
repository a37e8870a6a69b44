import Contracts
import Core
import MessageBus
import Store
import Synchronization
import Telemetry

/// Signs what this cloud writes, and knows whose signatures count here.
///
/// The core knows each edge's key from the edge itself, told on its own connection with a proof, and for as long as that edge
/// is enrolled by the CURVE key it had then. An edge asks the core. What was verified once stays verified.
public final class WriterBook: Sendable {
    /// How a cloud learns whose a key is.
    enum Authority: Sendable {
        /// From the source itself; it counts while it is enrolled, where there are enrolments.
        case source(keys: (any EnrolledKeys)?)
        /// From the core.
        case core
    }

    /// Signatures of one manifest that are told and listened to.
    static let maximumSignatures = 4
    private static let timeout: Duration = .seconds(10)

    let key: SigningKey
    let cloud: PeerID
    private let authority: Authority
    private let bus: Bus
    private let store: Database
    private let logger: Logger
    private let clock: any WallClock
    /// The core's key as it told it on this connection, at an edge.
    private let coreKey = Mutex<VerifyingKey?>(nil)

    init(
        key: SigningKey, authority: Authority, bus: Bus, store: Database, logger: Logger, clock: any WallClock
    ) {
        self.key = key
        self.authority = authority
        self.bus = bus
        self.store = store
        self.logger = logger
        self.clock = clock
        cloud = bus.configuration.identity
    }

    /// Signs what this cloud wrote before it had this key, and what was here before anything was signed.
    func recover() async throws {
        let (own, key) = (cloud, key.verifyingKey)
        let digests = try await store.read { try Catalogue(connection: $0).unsigned(by: own, key: key) }
        let signed = try digests.map { ($0, try sign($0)) }
        try await store.write { [clock] connection in
            let catalogue = Catalogue(connection: connection)
            for (digest, signature) in signed { try catalogue.sign(digest, [signature]) }
            try catalogue.noteSigning(by: own, key: key, now: clock.now())
        }
        guard !digests.isEmpty else { return }
        logger.notice("manifests were signed by this cloud's key", ["manifests": "\(digests.count)"])
    }

    /// This cloud's signature of a manifest.
    func sign(_ digest: Digest) throws -> WriterSignature {
        WriterSignature(
            key: key.verifyingKey, signature: try key.sign(SignedMessage.manifest(digest)), writer: cloud)
    }

    /// This cloud's key, with the proof that it is its own.
    func introduction() throws -> SignerReply {
        let proof = try key.sign(SignedMessage.possession(of: cloud))
        return SignerReply(key: key.verifyingKey.hexadecimal, proof: VerifyingKey.hexadecimal(proof))
    }

    /// What the core told is void when it may have restarted.
    func forgetCore() { coreKey.withLock { $0 = nil } }

    // MARK: Verification

    /// Those signatures of a manifest that count.
    /// - Parameters:
    ///   - source: where it came from; `local` when it was no peer.
    ///   - trusted: a key that an operator vouches for.
    /// - Throws: `DataSyncError` `unsigned`, `bad-signature` or `unknown-writer` when none does; `BusError` when whoever knows
    ///   the writer cannot be asked.
    func verified(
        _ signatures: [ManifestSignature], of digest: Digest, from source: PeerID, trusting trusted: VerifyingKey? = nil
    ) async throws -> [WriterSignature] {
        guard !signatures.isEmpty else {
            throw DataSyncError(
                .unsigned, "manifest \(digest) came without a signature; it must be signed by whoever wrote it")
        }
        guard signatures.count <= Self.maximumSignatures else {
            throw DataSyncError(
                .protocolViolation,
                "\(signatures.count) signatures of one manifest, more than \(Self.maximumSignatures)")
        }
        let message = SignedMessage.manifest(digest)
        var verified: [WriterSignature] = []
        var failure: DataSyncError?
        for told in signatures {
            guard let key = VerifyingKey(hexadecimal: told.key),
                let signature = VerifyingKey.signature(hexadecimal: told.signature),
                key.verifies(signature, of: message)
            else {
                failure = DataSyncError(
                    .badSignature,
                    "manifest \(digest): the signature by key \(told.key.prefix(64)) is not one of this manifest")
                continue
            }
            // Whom the operator vouches for stands in nobody's place but this cloud's own.
            if key == trusted {
                verified.append(try sign(digest))
            } else if let writer = try await writer(of: key, manifest: digest, source: source) {
                verified.append(WriterSignature(key: key, signature: signature, writer: writer))
            } else {
                failure =
                    failure
                    ?? DataSyncError(
                        .unknownWriter,
                        "manifest \(digest) is signed by key \(key), which is that of no cloud whose signature counts "
                            + "here (any more)")
            }
        }
        guard !verified.isEmpty else { throw failure ?? DataSyncError(.unsigned, "manifest \(digest) is not signed") }
        return verified
    }

    /// Whose key it is, as far as is known without asking a peer.
    func knownWriter(of key: VerifyingKey, manifest: Digest) async throws -> PeerID? {
        if key == self.key.verifyingKey { return cloud }
        let (told, before) = try await store.read { connection in
            let catalogue = Catalogue(connection: connection)
            return (try catalogue.writers(key: key), try catalogue.writer(of: manifest, key: key))
        }
        return told.first { enrolled($0.peer) == $0.enrolled }?.peer ?? before
    }

    private func writer(of key: VerifyingKey, manifest: Digest, source: PeerID) async throws -> PeerID? {
        if let known = try await knownWriter(of: key, manifest: manifest) { return known }
        switch authority {
        case .core:
            if coreKey.withLock({ $0 == key }) { return .core }
            let query = WriterQuery(manifest: manifest, key: key.hexadecimal)
            let writer = try await bus.call(
                DataSyncContract.writer, query, to: .peer(.core), timeout: Self.timeout
            ).body.writer
            if writer == .core { coreKey.withLock { $0 = key } }
            return writer
        case .source:
            guard source != .local, source != .operator, let enrolled = enrolled(source) else { return nil }
            let reply = try await bus.call(
                DataSyncContract.signer, Empty(), to: .peer(source), timeout: Self.timeout
            ).body
            guard let own = VerifyingKey(hexadecimal: reply.key),
                let proof = VerifyingKey.signature(hexadecimal: reply.proof),
                own.verifies(proof, of: SignedMessage.possession(of: source))
            else { throw DataSyncError(.badSignature, "'\(source)' did not prove that its signing key is its own") }
            try await store.write { [clock] connection in
                try Catalogue(connection: connection).setWriter(
                    source, key: own, enrolled: enrolled, now: clock.now())
            }
            logger.notice("a cloud's signing key is known", ["peer": source.text, "signer": own.hexadecimal])
            return own == key ? source : nil
        }
    }

    /// The CURVE key that a cloud is enrolled with; empty where nothing is encrypted, `nil` for one that is not enrolled.
    private func enrolled(_ peer: PeerID) -> String? {
        guard case .source(let keys?) = authority else { return "" }
        return keys.enrolledKey(of: peer)
    }
}
