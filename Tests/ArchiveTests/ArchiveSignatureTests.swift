import Contracts
import Core
@testable import DataSync
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

/// What comes back from an archive is signed by this core, or by one that its operator vouches for.
@Suite(.timeLimit(.minutes(3)), .enabled(if: ObjectServer.isHere, "needs moto: run Tools/test"))
struct ArchiveSignatureTests {
    private static func service(_ machine: Machine, _ key: SigningKey?) -> ArchiveService {
        var configuration = ArchiveServiceConfiguration()
        configuration.settle = .zero
        let writers = key.map {
            WriterBook(
                key: $0, authority: .source(keys: nil), bus: Bus(configuration: BusConfiguration(identity: .core)),
                store: machine.database, logger: .disabled, clock: SystemWallClock())
        }
        return ArchiveService(
            archive: machine.archive, database: machine.database, local: machine.shards, writers: writers,
            configuration: configuration)
    }

    /// Archives a manifest that `writer` signed.
    private static func archived(_ server: ObjectServer, by core: SigningKey?, writer: SigningKey) async throws
        -> Digest
    {
        let machine = try await Machine(server)
        let manifest = try await machine.manifest([100_000], seed: 1)
        let digest = manifest.digest
        let signature = WriterSignature(
            key: writer.verifyingKey, signature: try writer.sign(SignedMessage.manifest(digest)),
            writer: PeerID("edge-1"))
        try await machine.database.write { connection in
            let catalogue = Catalogue(connection: connection)
            try catalogue.insert(manifest, digest: digest, now: Timestamp(milliseconds: 1))
            try catalogue.sign(digest, [signature])
            try catalogue.hold(digest, for: "x")
            _ = try catalogue.setComplete(digest, true)
        }
        #expect(try await service(machine, core).pass() == (1, 0))
        return digest
    }

    @Test func theCoresOwnKeyBringsItBack() async throws {
        let server = try await ObjectServer()
        let (key, writer) = (try SigningKey.generate(), try SigningKey.generate())
        let digest = try await Self.archived(server, by: key, writer: writer)
        let fresh = try await Machine(server)
        #expect(
            try await fresh.archive.signatures(of: digest).map(\.key)
                == [key.verifyingKey.hexadecimal, writer.verifyingKey.hexadecimal])
        _ = try await Self.service(fresh, key).restore(digest, reference: "restored/x")
        let stored = try await fresh.database.read {
            try Catalogue(connection: $0).signatures(of: digest, first: .core, count: 9)
        }
        #expect(stored.map(\.key) == [key.verifyingKey] && stored.map(\.writer) == [.core])
    }

    @Test func aCoreWithAnotherKeyNeedsItsOperatorsWord() async throws {
        let server = try await ObjectServer()
        let (old, new) = (try SigningKey.generate(), try SigningKey.generate())
        let digest = try await Self.archived(server, by: old, writer: .generate())
        let fresh = try await Machine(server)
        let service = Self.service(fresh, new)
        let unknown = await #expect(throws: DataSyncError.self) {
            try await service.restore(digest, reference: "restored/x")
        }
        #expect(unknown?.is(.unknownWriter) == true)
        #expect(try await fresh.database.read { try Catalogue(connection: $0).entry(digest) } == nil)
        let nonsense = await #expect(throws: DataSyncError.self) {
            try await service.restore(digest, reference: "restored/x", trusting: "abc")
        }
        #expect(nonsense?.is(.invalidRequest) == true)
        let other = try SigningKey.generate().verifyingKey.hexadecimal
        let wrong = await #expect(throws: DataSyncError.self) {
            try await service.restore(digest, reference: "restored/x", trusting: other)
        }
        #expect(wrong?.is(.unknownWriter) == true)
        _ = try await service.restore(digest, reference: "restored/x", trusting: old.verifyingKey.hexadecimal)
        // From here on it is the new core that answers for it.
        let stored = try await fresh.database.read {
            try Catalogue(connection: $0).signatures(of: digest, first: .core, count: 9)
        }
        #expect(stored.map(\.key) == [new.verifyingKey])
    }

    @Test func whatIsNotSignedOrDamagedIsRefused() async throws {
        let server = try await ObjectServer()
        let key = try SigningKey.generate()
        let unsigned = try await Self.archived(server, by: nil, writer: key)
        let fresh = try await Machine(server)
        let service = Self.service(fresh, key)
        let missing = await #expect(throws: DataSyncError.self) {
            try await service.restore(unsigned, reference: "restored/x")
        }
        #expect(missing?.is(.unsigned) == true)
        let layout = fresh.archive.layout
        let signature = try key.sign(SignedMessage.manifest(unsigned))
        let digits = VerifyingKey.hexadecimal(signature)
        let flipped = (digits.hasPrefix("0") ? "1" : "0") + digits.dropFirst()
        for (text, kind) in [
            ("[{\"key\":\"\(key.verifyingKey)\",\"signature\":\"\(flipped)\"}]", DataSyncError.Kind.badSignature),
            ("[{\"key\":\"\(key.verifyingKey)\",\"signature\":\"\"}]", .badSignature), ("[]", .unsigned),
            ("{", .corruptShard),
        ] {
            _ = try await fresh.archive.objects.put(
                layout.signatures(unsigned), ShardBytes(copying: Array(text.utf8)), condition: .always)
            let error = await #expect(throws: DataSyncError.self, "\(text)") {
                try await service.restore(unsigned, reference: "restored/x")
            }
            #expect(error?.is(kind) == true, "\(text): \(String(describing: error))")
        }
        #expect(try await fresh.shards.usage().leaves == 0)
    }
}
