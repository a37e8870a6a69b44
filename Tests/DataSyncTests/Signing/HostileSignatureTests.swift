import Contracts
import Core
import MessageBus
import Store
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import DataSync

/// Whatever a source says of who signed a manifest: only what its writer signed is believed, before any content is asked for.
@Suite struct HostileSignatureTests {
    private static let tensors = [Bytes.noise(9_000, seed: 5)]

    /// What a policy was told for the record.
    private final class Record: TransferPolicy {
        let notes = Mutex<[(TransferAsk, RuleName)]>([])

        func mayFetch(_ ask: TransferAsk) async throws -> TransferDecision { .allow(TransferTerms()) }
        func mayServe(_ ask: TransferAsk) async throws -> TransferDecision { .allow(TransferTerms()) }
        func note(refused ask: TransferAsk, rule: RuleName, reason: String) async throws {
            notes.withLock { $0.append((ask, rule)) }
        }
    }

    enum Forgery: String, CaseIterable {
        case none, empty, flippedBit, flippedKey, otherManifest, possession, stranger, strangersKeyOwnSignature
        case truncated, truncatedKey, upperCase, tooMany, lifted
    }

    private static func forged(
        _ forgery: Forgery, _ digest: Digest, by key: SigningKey
    ) throws -> (signatures: [ManifestSignature]?, code: String) {
        func signed(_ message: [UInt8], by key: SigningKey) throws -> ManifestSignature {
            ManifestSignature(
                key: key.verifyingKey.hexadecimal, signature: VerifyingKey.hexadecimal(try key.sign(message)))
        }
        let good = try signed(SignedMessage.manifest(digest), by: key)
        var bad = good
        let stranger = try SigningKey.generate()
        func flipped(_ text: String) -> String { (text.hasPrefix("0") ? "1" : "0") + text.dropFirst() }
        switch forgery {
        case .none: return (nil, "unsigned")
        case .empty: return ([], "unsigned")
        case .flippedBit: bad.signature = flipped(bad.signature)
        case .flippedKey: bad.key = flipped(bad.key)
        case .otherManifest: bad = try signed(SignedMessage.manifest(Bytes.digest([1])), by: key)
        case .possession: bad = try signed(SignedMessage.possession(of: .core), by: key)
        case .stranger:
            return ([try signed(SignedMessage.manifest(digest), by: stranger)], "unknown-writer")
        case .strangersKeyOwnSignature: bad.key = stranger.verifyingKey.hexadecimal
        case .truncated: bad.signature.removeLast(2)
        case .truncatedKey: bad.key.removeLast(2)
        case .upperCase: bad.signature = bad.signature.uppercased() + "A"
        case .tooMany: return (Array(repeating: good, count: 5), "protocol-violation")
        // The digest itself, without what says what is signed.
        case .lifted: bad = try signed(LeafKey(digest).bytes, by: key)
        }
        return ([bad], "bad-signature")
    }

    @Test(arguments: Forgery.allCases) func nothingIsAskedForUnderAForgedSignature(_ forgery: Forgery) async throws {
        let pair = try Pair()
        let record = Record()
        let core = try await pair.core(registers: false)
        let edge = try await pair.edge(policy: record, signingKey: .generate())
        let source = Source(Self.tensors, steps: [])
        let key = try SigningKey.generate()
        let digest = source.manifest.digest
        let (signatures, code) = try Self.forged(forgery, digest, by: key)
        source.register(on: core.bus, signatures: signatures)
        try Self.introduce(key, on: core.bus)
        try await pair.running(core, edge) { () async throws -> Void in
            let error = await #expect(throws: BusError.self) { try await edge.fetch(digest, as: "job/1") }
            #expect(error?.code == code && error?.isRetriable == false, "\(String(describing: error))")
            #expect(source.requests.isEmpty)
            #expect(try await edge.service.references(prefix: "job/").isEmpty)
            #expect(try await edge.database.read { try Catalogue(connection: $0).entry(digest) } == nil)
            let refusals = forgery == .tooMany ? 0 : 1
            #expect(Int(edge.service.metrics.refusedSignatures.value) == refusals)
            #expect(edge.service.metrics.retries.value == 0)
            let notes = record.notes.withLock { $0 }
            #expect(notes.count == refusals)
            #expect(
                notes.allSatisfy { $0.0.manifest == digest && $0.0.peer == .core && $0.1.description == "signature" })
        }
    }

    /// A wrong signature beside a right one does no harm, and is not passed on.
    @Test func oneGoodSignatureIsEnough() async throws {
        let pair = try Pair()
        let core = try await pair.core(registers: false)
        let edge = try await pair.edge(signingKey: .generate())
        let source = Source(Self.tensors, steps: [])
        let key = try SigningKey.generate()
        let digest = source.manifest.digest
        var bad = ManifestSignature(key: key.verifyingKey.hexadecimal, signature: String(repeating: "0", count: 128))
        let good = ManifestSignature(
            key: key.verifyingKey.hexadecimal,
            signature: VerifyingKey.hexadecimal(try key.sign(SignedMessage.manifest(digest))))
        bad.key = try SigningKey.generate().verifyingKey.hexadecimal
        source.register(on: core.bus, signatures: [bad, good])
        try Self.introduce(key, on: core.bus)
        try await pair.running(core, edge) {
            let reply = try await edge.fetch(digest, as: "job/1")
            #expect(try await edge.tensors(of: reply.manifest) == Self.tensors)
            #expect(try await edge.service.toldSignatures(of: digest) == [good])
        }
    }

    /// A cloud that names another's key as its own, without the proof, stays unknown.
    @Test func nobodyPassesAnothersKeyForItsOwn() async throws {
        let pair = try Pair()
        let core = try await pair.core(registers: false)
        let edge = try await pair.edge(signingKey: .generate())
        let source = Source(Self.tensors, steps: [])
        let (victim, own) = (try SigningKey.generate(), try SigningKey.generate())
        let digest = source.manifest.digest
        source.register(
            on: core.bus,
            signatures: [
                ManifestSignature(
                    key: victim.verifyingKey.hexadecimal,
                    signature: VerifyingKey.hexadecimal(try victim.sign(SignedMessage.manifest(digest))))
            ])
        let proof = VerifyingKey.hexadecimal(try own.sign(SignedMessage.possession(of: .core)))
        core.bus.handle(DataSyncContract.signer) { _ in
            SignerReply(key: victim.verifyingKey.hexadecimal, proof: proof)
        }
        try await pair.running(core, edge) {
            let error = await #expect(throws: BusError.self) { try await edge.fetch(digest, as: "job/1") }
            #expect(error?.code == "bad-signature" && error?.message.contains("'core'") == true)
            #expect(source.requests.isEmpty)
        }
    }

    private static func introduce(_ key: SigningKey, on bus: Bus) throws {
        let proof = VerifyingKey.hexadecimal(try key.sign(SignedMessage.possession(of: .core)))
        bus.handle(DataSyncContract.signer) { _ in SignerReply(key: key.verifyingKey.hexadecimal, proof: proof) }
    }
}
