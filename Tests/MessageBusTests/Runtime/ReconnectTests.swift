import Contracts
import Core
import MessageBus
import Synchronization
import TestKit
import Testing

/// Lost connections, silent peers, and the end.
@Suite struct ReconnectTests {
    /// A listener that can be stopped and started anew on the same address.
    private func core(
        _ address: BusAddress, configure: (inout BusConfiguration) -> Void = { _ in },
        prepare: (Bus) -> Void
    ) throws -> Bus {
        let core = Bus(configuration: quick(.core, configure))
        prepare(core)
        try core.listen(address, security: .none)
        return core
    }

    @Test func anEdgeComesBackWhenTheCoreDoesAndRepeatsItsCall() async throws {
        let temporary = try TemporaryDirectory("gedge-again")
        let address = try BusAddress("ipc://\(temporary.file("core"))")
        let edge = Bus(configuration: quick(PeerID("edge-a")))
        try edge.connect(address, security: .none)
        let (arrived, never) = (Gate(), Gate())
        let keys = Mutex<[Int]>([])
        try await running(edge) {
            let first = try core(address) { core in
                core.handle(TestContract.count) { _ -> Number in
                    arrived.open()
                    try await never.wait()
                    throw Refusal(message: "cannot happen")
                }
            }
            // The call is at work at the first core when that goes away.
            let answer = Task {
                try await edge.ready(.core, timeout: .seconds(60))
                return try await edge.call(
                    TestContract.count, Number(value: 1), to: .peer(.core), timeout: .seconds(120),
                    retry: RetryPolicy(base: .milliseconds(10), maximum: .milliseconds(50), attempts: 50)
                ).body.value
            }
            try await running(first) { try await arrived.wait() }
            let second = try core(address) { core in
                core.handle(TestContract.count) { request in
                    keys.withLock { $0.append(request.body.value) }
                    return Number(value: 2)
                }
            }
            try await running(second) {
                let value = try await answer.value
                #expect(value == 2)
                #expect(keys.withLock { $0 } == [1])
            }
        }
        withExtendedLifetime(temporary) {}
    }

    @Test(arguments: [Way.ipc, .tcp]) func aGoodbyeEndsCallsAndStreamsWithARetriableFailure(_ way: Way) async throws {
        let started = Gate()
        let temporary = try TemporaryDirectory("gedge-bye")
        let keys = try KeyPair.generate()
        let edgeKeys = try KeyPair.generate()
        let directory = MemoryDirectory()
        directory.admit(edgeKeys.publicKey, as: PeerID("edge-a"))
        let core = Bus(configuration: quick(.core))
        core.handleStream(TestContract.numbers) { _, writer in
            try await writer.send(Number(value: 1))
            started.open()
            try await Task.sleep(for: .seconds(600))
        }
        let edge = Bus(configuration: quick(PeerID("edge-a")))
        if way == .tcp {
            let address = try core.listen(
                BusAddress("tcp://127.0.0.1:0"), security: .curve(serverKeys: keys, directory: directory))
            try edge.connect(address, security: .curve(client: edgeKeys, serverKey: keys.publicKey))
        } else {
            let address = try core.listen(BusAddress("ipc://\(temporary.file("core"))"), security: .none)
            try edge.connect(address, security: .none)
        }
        try await running(edge) {
            let events = edge.peerEvents()
            let reading = Task {
                try await edge.ready(.core, timeout: .seconds(60))
                for try await _ in try await edge.stream(TestContract.numbers, Number(value: 1), to: .peer(.core)) {}
            }
            try await running(core) { try await started.wait() }
            let error = await #expect(throws: BusError.self) { try await reading.value }
            #expect(error?.isRetriable == true)
            for await event in events { if case .disconnected = event { break } }
            #expect(!edge.isConnected(.core))
        }
        withExtendedLifetime(temporary) {}
    }

    @Test func aPeerThatFallsSilentLosesItsSessionAfterTheLease() async throws {
        let temporary = try TemporaryDirectory("gedge-silent")
        let address = try BusAddress("ipc://\(temporary.file("core"))")
        let core = try core(address, configure: { $0.lease = .milliseconds(500) }) { core in
            core.handle(TestContract.double) { request in request.body }
        }
        try await running(core) {
            let events = core.peerEvents()
            let peer = try FrameSender(address)
            try await peer.greet(as: "silent")
            var reasons: [BusError] = []
            for await event in events {
                if case .disconnected(let peer, let reason) = event {
                    #expect(peer == PeerID("silent"))
                    reasons.append(reason)
                    break
                }
            }
            #expect(reasons.first?.is(.unreachable) == true)
            #expect(reasons.first?.message.contains("lease") == true)
            // The session is void: what it says now is answered with a goodbye.
            try await peer.send(
                FrameHeader(kind: .request, lane: .control, correlation: 1), subject: "test.double",
                body: #"{"value":1}"#)
            #expect(try await peer.receive(.goodbye).body.contains("unknown-session"))
        }
        withExtendedLifetime(temporary) {}
    }

    @Test func whoeverIsAnsweredGetsNoHeartbeatsBeside() async throws {
        let temporary = try TemporaryDirectory("gedge-talking")
        let address = try BusAddress("ipc://\(temporary.file("core"))")
        let core = try core(address) { core in core.handle(TestContract.double) { request in request.body } }
        try await running(core) {
            let peer = try FrameSender(address)
            try await peer.greet(as: "talker")
            // A heartbeat is due every 100 ms; who is answered within that time needs none. On a busy machine an answer
            // takes longer now and then: the heartbeats due until then are not counted against the bus.
            let interval = Duration.milliseconds(100)
            var due = 0, correlation: UInt64 = 0
            var quick = Duration.zero, asked = ContinuousClock.now
            while quick < .seconds(1) {
                correlation += 1
                let before = asked
                asked = .now
                try await peer.send(
                    FrameHeader(kind: .request, lane: .control, correlation: correlation), subject: "test.double",
                    body: #"{"value":1}"#)
                _ = try await peer.receive(.reply)
                // The answer before went out after `before`, this one before now.
                let answered = ContinuousClock.now
                if answered - before < interval / 2 {
                    quick += answered - asked
                } else {
                    due += 1 + Int((answered - before) / interval)
                }
            }
            let beside = await peer.heartbeats
            #expect(beside <= due)
            // Whoever is told nothing else hears that the other side is there.
            while await peer.heartbeats < beside + 2 { try await peer.receiveAny() }
        }
        withExtendedLifetime(temporary) {}
    }

    @Test func aPeerWhoseConnectionBreaksIsNoticedWithinAHeartbeat() async throws {
        let temporary = try TemporaryDirectory("gedge-broken")
        let address = try BusAddress("ipc://\(temporary.file("core"))")
        let core = try core(address, configure: { $0.lease = .seconds(600) }) { _ in }
        try await running(core) {
            let events = core.peerEvents()
            do {
                let peer = try FrameSender(address)
                try await peer.greet(as: "fleeting")
            }
            // The lease is far away: only the broken connection can tell.
            for await event in events { if case .disconnected(PeerID("fleeting"), _) = event { break } }
            #expect(!core.isConnected(PeerID("fleeting")))
        }
        withExtendedLifetime(temporary) {}
    }

    @Test func aRestartedPeerTakesItsNameOverWhileTheOldSessionFades() async throws {
        let temporary = try TemporaryDirectory("gedge-restart")
        let address = try BusAddress("ipc://\(temporary.file("core"))")
        let core = try core(address) { _ in }
        try await running(core) {
            let old = try FrameSender(address, session: 1)
            try await old.greet(as: "edge-a")
            let edge = Bus(configuration: quick(PeerID("edge-a")))
            edge.handle(TestContract.double) { request in Number(value: request.body.value * 2) }
            try edge.connect(address, security: .none)
            try await running(edge) {
                try await edge.ready(.core, timeout: .seconds(60))
                // The newest session answers.
                let reply = try await core.call(TestContract.double, Number(value: 2), to: .peer(PeerID("edge-a")))
                #expect(reply.body.value == 4)
            }
            withExtendedLifetime(old) {}
        }
        withExtendedLifetime(temporary) {}
    }

    @Test(arguments: Way.allCases) func answersGivenBeforeTheEndArrive(_ way: Way) async throws {
        let answered = Gate()
        let context = BusContext()
        let temporary = try TemporaryDirectory("gedge-end")
        let keys = try KeyPair.generate()
        let edgeKeys = try KeyPair.generate()
        let directory = MemoryDirectory()
        directory.admit(edgeKeys.publicKey, as: PeerID("edge-a"))
        let core = Bus(configuration: quick(.core), context: context)
        core.handleStream(TestContract.numbers) { request, writer in
            for value in 0..<request.body.value {
                try await writer.send(
                    Number(value: value), attachments: [Attachment([UInt8](repeating: 1, count: 10_000))])
            }
            answered.open()
        }
        let edge = Bus(
            configuration: quick(PeerID("edge-a")), context: way == .inproc ? context : BusContext())
        switch way {
        case .inproc:
            try edge.connect(core.listen(BusAddress("inproc://end"), security: .none), security: .none)
        case .ipc:
            try edge.connect(
                core.listen(BusAddress("ipc://\(temporary.file("core"))"), security: .none), security: .none)
        case .tcp:
            try edge.connect(
                core.listen(
                    BusAddress("tcp://127.0.0.1:0"), security: .curve(serverKeys: keys, directory: directory)),
                security: .curve(client: edgeKeys, serverKey: keys.publicKey))
        }
        try await running(edge) {
            let count = Task {
                var count = 0
                try await edge.ready(.core, timeout: .seconds(60))
                let stream = try await edge.stream(
                    TestContract.numbers, Number(value: 500), to: .peer(.core), window: 64 << 20)
                for try await _ in stream { count += 1 }
                return count
            }
            // The core ends as soon as its handler has: everything it sent is still read to the end.
            try await running(core) { try await answered.wait() }
            let received = try await count.value
            #expect(received == 500)
        }
        withExtendedLifetime(temporary) {}
    }

    @Test func afterTheEndEverythingFailsAtOnce() async throws {
        let bus = Bus(configuration: quick(.core))
        bus.handleStream(TestContract.numbers) { _, _ in }
        try await running(bus) {}
        await #expect(throws: BusError.self) {
            _ = try await bus.call(TestContract.double, Number(value: 1), to: .peer(PeerID("edge-a")))
        }
        await #expect(throws: BusError.self) { _ = try await bus.stream(TestContract.numbers, Number(value: 1)) }
        await #expect(throws: BusError.self) { try await bus.run() }
        for await _ in bus.peerEvents() { Issue.record("a bus that has ended has no events") }
    }

    @Test func twoListenersOnOneAddressAreRefusedWithAReason() async throws {
        let keys = try KeyPair.generate()
        let first = Bus(configuration: quick(.core))
        let address = try first.listen(
            BusAddress("tcp://127.0.0.1:0"), security: .curve(serverKeys: keys, directory: MemoryDirectory()))
        let second = Bus(configuration: quick(.core))
        let error = #expect(throws: BusError.self) {
            try second.listen(address, security: .curve(serverKeys: keys, directory: MemoryDirectory()))
        }
        #expect(error?.is(.invalidAddress) == true)
        #expect(error?.message.contains("another process") == true)
    }
}
