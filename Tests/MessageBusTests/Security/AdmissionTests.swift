import Contracts
import Testing

@testable import MessageBus

@Suite("Admission")
struct AdmissionTests {
    private let start = ContinuousClock.now

    private func request(domain: String, key: PublicKey) throws -> AuthenticationRequest {
        try #require(
            AuthenticationRequest(
                parts: ["1.0", "1", domain, "192.0.2.7", "", "CURVE"].map { Array($0.utf8) } + [key.bytes]))
    }

    private func policy(_ directory: FixedDirectory, burst: Int = 2) -> AdmissionPolicy {
        AdmissionPolicy(directory: directory, enrolmentBudget: TokenBucket(capacity: burst, perSecond: 1))
    }

    @Test("only keys of the directory are peers, under the directory's name")
    func peers() throws {
        let known = try KeyPair.generate().publicKey
        let stranger = try KeyPair.generate().publicKey
        var policy = policy(FixedDirectory([known: PeerID("edge-1")], acceptsEnrolment: true))
        let domain = AuthenticationDomain.peer.rawValue
        #expect(
            policy.verdict(on: try request(domain: domain, key: known), at: start)
                == .admitted(userID: "edge-1", key: known))
        #expect(policy.verdict(on: try request(domain: domain, key: stranger), at: start) == .denied)
    }

    @Test("a name that libzmq could not carry is not admitted", arguments: ["", "edge\u{0}1"])
    func names(name: String) throws {
        let key = try KeyPair.generate().publicKey
        var policy = policy(FixedDirectory([key: PeerID(name)]))
        #expect(policy.verdict(on: try request(domain: "gedge.peer", key: key), at: start) == .denied)
    }

    @Test("strangers may enrol only while a token can be traded, under their key")
    func enrolment() throws {
        let key = try KeyPair.generate().publicKey
        let directory = FixedDirectory([:], acceptsEnrolment: false)
        var policy = policy(directory)
        #expect(policy.verdict(on: try request(domain: "gedge.enrol", key: key), at: start) == .denied)
        directory.set(acceptsEnrolment: true)
        #expect(
            policy.verdict(on: try request(domain: "gedge.enrol", key: key), at: start)
                == .admitted(userID: key.z85, key: key))
    }

    @Test("strangers beyond the budget are told to come back, and may after a while")
    func budget() throws {
        let request = try request(domain: "gedge.enrol", key: KeyPair.generate().publicKey)
        var policy = policy(FixedDirectory([:], acceptsEnrolment: true))
        let first = (0..<4).map { _ in policy.verdict(on: request, at: start).label }
        #expect(first == ["admitted", "admitted", "postponed", "postponed"])
        #expect(policy.verdict(on: request, at: start + .milliseconds(900)) == .postponed)
        #expect(policy.verdict(on: request, at: start + .milliseconds(1100)).label == "admitted")
        policy.enrolmentBudget.drain(5, at: start + .seconds(100))
        #expect(policy.verdict(on: request, at: start + .seconds(100)) == .postponed)
    }

    @Test("any other domain is denied", arguments: ["", "gedge", "GEDGE.PEER", "gedge.peer "])
    func domains(domain: String) throws {
        let key = try KeyPair.generate().publicKey
        var policy = policy(FixedDirectory([key: PeerID("edge-1")], acceptsEnrolment: true))
        #expect(policy.verdict(on: try request(domain: domain, key: key), at: start) == .denied)
    }

    @Test("only a whole CURVE request of ZAP 1.0 is read")
    func requests() throws {
        let key = try KeyPair.generate().publicKey
        let good = ["1.0", "1", "gedge.peer", "192.0.2.7", "", "CURVE"].map { Array($0.utf8) } + [key.bytes]
        #expect(AuthenticationRequest(parts: good)?.key == key)
        func replacing(_ index: Int, _ part: [UInt8]) -> [[UInt8]] {
            var parts = good
            parts[index] = part
            return parts
        }
        let bad: [[[UInt8]]] = [
            [], Array(good.dropLast()), good + [[]], replacing(0, Array("2.0".utf8)), replacing(5, Array("PLAIN".utf8)),
            replacing(5, Array("NULL".utf8)), replacing(6, Array(key.bytes.dropLast())), replacing(6, []),
            replacing(2, [UInt8](repeating: 65, count: 513)),
        ]
        for parts in bad { #expect(AuthenticationRequest(parts: parts) == nil) }
    }
}
