import Contracts
import Core
import MessageBus
import Synchronization
import Telemetry
import TestKit
import Testing

/// Who may connect over tcp.
@Suite struct AdmissionOverTheBusTests {
    /// A listener with CURVE and its directory.
    private func withCore(
        prepare: (Bus) -> Void = { _ in },
        _ body: @Sendable (Bus, BusAddress, KeyPair, MemoryDirectory) async throws -> Void
    ) async throws {
        let keys = try KeyPair.generate()
        let directory = MemoryDirectory()
        let core = Bus(configuration: quick(.core))
        prepare(core)
        let address = try core.listen(
            BusAddress("tcp://127.0.0.1:0"), security: .curve(serverKeys: keys, directory: directory))
        try await running(core) { try await body(core, address, keys, directory) }
    }

    @Test func anUnknownKeyIsRefusedAndSaysSo() async throws {
        try await withCore { core, address, keys, _ in
            let stranger = Bus(configuration: quick(PeerID("stranger")))
            try stranger.connect(
                address, security: .curve(client: KeyPair.generate(), serverKey: keys.publicKey))
            try await running(stranger) {
                let error = await #expect(throws: BusError.self) {
                    try await stranger.ready(.core, timeout: .seconds(60))
                }
                #expect(error?.is(.refused) == true)
                #expect(core.connectedPeers.isEmpty)
            }
        }
    }

    @Test func aKeyThatIsAdmittedLaterGetsIn() async throws {
        try await withCore { core, address, keys, directory in
            let edgeKeys = try KeyPair.generate()
            let edge = Bus(configuration: quick(PeerID("edge-a")))
            try edge.connect(address, security: .curve(client: edgeKeys, serverKey: keys.publicKey))
            try await running(edge) {
                await #expect(throws: BusError.self) { try await edge.ready(.core, timeout: .seconds(60)) }
                directory.admit(edgeKeys.publicKey, as: PeerID("edge-a"))
                try await core.ready(PeerID("edge-a"), timeout: .seconds(60))
            }
        }
    }

    @Test func thePeersNameIsItsKeysWhateverItCallsItself() async throws {
        try await withCore(prepare: { core in
            core.handle(TestContract.double) { request in
                #expect(request.peer == PeerID("edge-a"))
                return request.body
            }
        }) { core, address, keys, directory in
            let edgeKeys = try KeyPair.generate()
            directory.admit(edgeKeys.publicKey, as: PeerID("edge-a"))
            let edge = Bus(configuration: quick(PeerID("somebody-else")))
            try edge.connect(address, security: .curve(client: edgeKeys, serverKey: keys.publicKey))
            try await running(edge) {
                try await edge.ready(.core, timeout: .seconds(60))
                _ = try await edge.call(TestContract.double, Number(value: 1), to: .peer(.core))
                #expect(core.isConnected(PeerID("edge-a")))
                #expect(!core.isConnected(PeerID("somebody-else")))
            }
        }
    }

    @Test func aListenerWithAnotherKeyIsNotTalkedTo() async throws {
        try await withCore { core, address, _, directory in
            let edgeKeys = try KeyPair.generate()
            directory.admit(edgeKeys.publicKey, as: PeerID("edge-a"))
            let edge = Bus(configuration: quick(PeerID("edge-a")))
            try edge.connect(
                address, security: .curve(client: edgeKeys, serverKey: KeyPair.generate().publicKey))
            try await running(edge) {
                let error = await #expect(throws: BusError.self) {
                    try await edge.ready(.core, timeout: .seconds(1))
                }
                #expect(error?.is(.unreachable) == true)
                #expect(core.connectedPeers.isEmpty)
            }
        }
    }

    @Test func aPeerThatIsCutOffIsToldAndStaysOut() async throws {
        try await withBuses(
            .tcp,
            prepare: { core, _ in
                core.handle(TestContract.double) { request in Number(value: request.body.value * 2) }
            }
        ) { pair in
            let events = pair.edge.peerEvents()
            guard let key = pair.directory.keys.first else { throw NeverHappened(what: "the edge has a key") }
            pair.directory.remove(key)
            pair.core.cutOff(pair.edgeName)
            for await event in events {
                if case .disconnected(_, let reason) = event {
                    #expect(reason.is(.refused))
                    break
                }
            }
            #expect(!pair.core.isConnected(pair.edgeName))
            let error = await #expect(throws: BusError.self) {
                try await pair.edge.ready(.core, timeout: .seconds(60))
            }
            #expect(error?.is(.refused) == true)
            let call = await #expect(throws: BusError.self) {
                try await pair.edge.call(TestContract.double, Number(value: 1), to: .peer(.core))
            }
            #expect(call?.is(.unreachable) == true)
        }
    }

    @Test func aConnectionOfARevokedKeyCannotGreetAnew() async throws {
        try await withCore { core, address, keys, directory in
            let edgeKeys = try KeyPair.generate()
            directory.admit(edgeKeys.publicKey, as: PeerID("edge-a"))
            let peer = try FrameSender(address, keys: edgeKeys, serverKey: keys.publicKey)
            try await peer.greet(as: "edge-a")
            directory.remove(edgeKeys.publicKey)
            // A session of its own making over the connection that was admitted before.
            let next = FrameHeader(kind: .hello, lane: .control, session: 9, sequence: 1)
            let hello =
                #"{"identity":"edge-a","instance":"raw","subscriptions":[],"software":"t","heartbeatMilliseconds":1,"leaseMilliseconds":1}"#
            await peer.send(parts: [try next.head(body: Array(hello.utf8))])
            #expect(try await peer.receive(.goodbye).body.contains("revoked"))
        }
    }

    @Test func tcpWithoutKeysIsRefusedBeforeAnythingIsBound() throws {
        let bus = Bus(configuration: quick(.core))
        let address = try BusAddress("tcp://127.0.0.1:0")
        #expect(throws: BusError.self) { try bus.listen(address, security: .none) }
        #expect(throws: BusError.self) { try bus.connect(BusAddress("tcp://127.0.0.1:7700"), security: .none) }
    }

    @Test func ipcInADirectoryOfOthersIsRefused() throws {
        let temporary = try TemporaryDirectory("gedge-open")
        #expect(chmodOpen(temporary.path))
        let bus = Bus(configuration: quick(.core))
        let error = #expect(throws: BusError.self) {
            try bus.listen(BusAddress("ipc://\(temporary.file("core"))"), security: .none)
        }
        #expect(error?.message.contains("0700") == true)
    }

    // MARK: - Enrolment

    @Test func aStrangerEnrolsWithTheKeyItProved() async throws {
        let asked = Mutex<[PublicKey]>([])
        try await withCore(prepare: { core in
            core.onEnrolment { request, key in
                asked.withLock { $0.append(key) }
                guard request.body.secret == "open sesame" else { throw Refusal(message: "no such token") }
                return EnrolReply(name: try Name("edge-b"))
            }
        }) { core, address, keys, directory in
            let edgeKeys = try KeyPair.generate()
            directory.expectEnrolment(true)
            let reply = try await Bus.enrol(
                address: address, serverKey: keys.publicKey, keys: edgeKeys,
                request: EnrolRequest(secret: "open sesame", proposedName: nil), timeout: .seconds(60))
            #expect(reply.name.text == "edge-b")
            #expect(asked.withLock { $0 } == [edgeKeys.publicKey])
            let error = await #expect(throws: BusError.self) {
                _ = try await Bus.enrol(
                    address: address, serverKey: keys.publicKey, keys: KeyPair.generate(),
                    request: EnrolRequest(secret: "guess", proposedName: nil), timeout: .seconds(60))
            }
            #expect(error?.code == "refused-by-test")
            #expect(core.connectedPeers.isEmpty)
        }
    }

    @Test func nobodyReachesTheEnrolmentSocketWhileNobodyIsExpected() async throws {
        try await withCore(prepare: { core in
            core.onEnrolment { _, _ in
                Issue.record("a stranger got through")
                return EnrolReply(name: try Name("edge-b"))
            }
        }) { _, address, keys, _ in
            let error = await #expect(throws: BusError.self) {
                _ = try await Bus.enrol(
                    address: address, serverKey: keys.publicKey, keys: KeyPair.generate(),
                    request: EnrolRequest(secret: "x", proposedName: nil), timeout: .seconds(1))
            }
            #expect(error?.is(.unreachable) == true)
        }
    }
}
