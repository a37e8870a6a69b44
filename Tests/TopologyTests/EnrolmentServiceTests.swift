import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import Topology

@Suite struct EnrolmentServiceTests {
    private let directory: TemporaryDirectory
    private let clock = ManualWallClock(Timestamp(milliseconds: 1_000_000))
    private let server: KeyPair

    init() throws {
        directory = try TemporaryDirectory()
        server = try KeyPair.generate()
    }

    private func service() async throws -> EnrolmentService {
        let database = try await Database.open(
            path: directory.file("core.db"), migrations: [.topology], logger: .disabled)
        return try await EnrolmentService(
            database: database, serverKey: server.publicKey, wallClock: clock, logger: .disabled)
    }

    private func secret(of reply: TokenReply) throws -> String {
        let token = try JoinToken(parsing: reply.token)
        #expect(token.serverKey == server.publicKey)
        return token.secret.reveal()
    }

    @Test func aTokenAdmitsOneKeyUnderItsName() async throws {
        let service = try await service()
        #expect(!service.acceptsEnrolment)
        let reply = try await service.createToken(TokenRequest(edge: Name("edge-1")))
        #expect(service.acceptsEnrolment)
        let key = try KeyPair.generate().publicKey
        #expect(service.peer(for: key) == nil)
        let request = EnrolRequest(secret: try secret(of: reply), proposedName: try Name("other"))
        #expect(try await service.enrol(request, key: key).name.text == "edge-1")
        #expect(service.peer(for: key) == PeerID("edge-1"))
        // The same edge again: its first answer was lost.
        #expect(try await service.enrol(request, key: key).name.text == "edge-1")
        let thief = try KeyPair.generate().publicKey
        await #expect { try await service.enrol(request, key: thief) } throws: {
            ($0 as? TopologyError)?.code == "token-used"
        }
        #expect(service.peer(for: thief) == nil)
        // The next run knows the key.
        #expect(try await self.service().peer(for: key) == PeerID("edge-1"))
    }

    @Test func anExpiredTokenAdmitsNobody() async throws {
        let service = try await service()
        let reply = try await service.createToken(TokenRequest(edge: Name("edge-1"), lifetimeSeconds: 60))
        clock.advance(by: .seconds(61))
        #expect(!service.acceptsEnrolment)
        let key = try KeyPair.generate().publicKey
        let request = EnrolRequest(secret: try secret(of: reply), proposedName: nil)
        await #expect { try await service.enrol(request, key: key) } throws: {
            ($0 as? TopologyError)?.code == "token-expired"
        }
        #expect(service.peer(for: key) == nil)
    }

    @Test func namesAreTakenOnceAndSomeAreReserved() async throws {
        let service = try await service()
        for (name, code) in [("edge-1", nil), ("edge-1", "name-taken"), ("core", "name-taken")] {
            let reply = try await service.createToken(TokenRequest())
            let request = EnrolRequest(secret: try secret(of: reply), proposedName: try Name(name))
            let key = try KeyPair.generate().publicKey
            if let code {
                await #expect { try await service.enrol(request, key: key) } throws: {
                    ($0 as? TopologyError)?.code == code
                }
            } else {
                #expect(try await service.enrol(request, key: key).name.text == name)
            }
        }
        await #expect(throws: TopologyError.self) {
            try await service.createToken(TokenRequest(edge: Name("edge-1")))
        }
    }

    @Test func aRevokedKeyIsOutAndItsNameIsFree() async throws {
        let service = try await service()
        let old = try KeyPair.generate().publicKey
        let first = try await service.createToken(TokenRequest(edge: Name("edge-1")))
        _ = try await service.enrol(EnrolRequest(secret: secret(of: first), proposedName: nil), key: old)
        try await service.revoke(Name("edge-1"))
        #expect(service.peer(for: old) == nil)
        let second = try await service.createToken(TokenRequest(edge: Name("edge-1")))
        let new = try KeyPair.generate().publicKey
        _ = try await service.enrol(EnrolRequest(secret: secret(of: second), proposedName: nil), key: new)
        #expect(service.peer(for: new) == PeerID("edge-1"))
        #expect(try await self.service().peer(for: old) == nil)
    }
}
