import Contracts
import Core
import MessageBus
import Store
import Telemetry

extension DataSyncService {
    /// The rule that refuses what nobody signed whose signature counts.
    private static let signatureRule = RuleName("signature")

    /// Registers what other clouds ask about signatures.
    func registerWriters() {
        guard let writers else { return }
        bus.handle(DataSyncContract.signer) { _ in try writers.introduction() }
        bus.handle(DataSyncContract.writer) { request in
            guard let key = VerifyingKey(hexadecimal: request.body.key) else {
                throw DataSyncError(.invalidRequest, "a signing key is 64 hexadecimal digits")
            }
            return WriterReply(writer: try await writers.knownWriter(of: key, manifest: request.body.manifest))
        }
    }

    /// Enters a manifest that was made here, signed.
    func enter(_ manifest: Manifest, digest: Digest, signature: WriterSignature?, in catalogue: Catalogue) throws {
        try catalogue.insert(manifest, digest: digest, now: clock.now())
        if let signature { try catalogue.sign(digest, [signature]) }
    }

    /// What is told of who signed a manifest.
    func toldSignatures(of digest: Digest) async throws -> [ManifestSignature]? {
        guard let writers else { return nil }
        return try await store.read { connection in
            try Catalogue(connection: connection).signatures(
                of: digest, first: writers.cloud, count: WriterBook.maximumSignatures)
        }.map(\.told)
    }

    /// The signatures of a manifest that came from a source, verified.
    /// - Throws: `unsigned`, `bad-signature` or `unknown-writer`, which is recorded beside what the rules refuse.
    func verifiedSignatures(
        of digest: Digest, _ told: [ManifestSignature]?, _ request: FetchRequest
    ) async throws -> [WriterSignature] {
        guard let writers else { return [] }
        do { return try await writers.verified(told ?? [], of: digest, from: request.source) } catch let error
            as DataSyncError
            where error.is(.unsigned) || error.is(.badSignature) || error.is(.unknownWriter)
        {
            metrics.refusedSignatures.increment()
            logger.warning(
                "a manifest was refused for its signature", ["manifest": digest.hex, "source": request.source.text],
                error: error)
            try await policy.note(
                refused: TransferAsk(manifest: digest, peer: request.source, tags: request.tags),
                rule: Self.signatureRule, reason: error.message)
            throw error
        }
    }
}
