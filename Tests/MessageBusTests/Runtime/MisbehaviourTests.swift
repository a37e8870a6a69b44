import Contracts
import Core
import Glibc
import MessageBus
import Telemetry
import TestKit
import Testing

/// Peers that break the rules: what they send is counted and dropped, they are told or cut off, and others notice nothing.
@Suite struct MisbehaviourTests {
    private static let call = FrameHeader(
        kind: .request, lane: .control, correlation: 1, timeoutMilliseconds: 10_000)

    /// Runs a listener on ipc, and checks at the end that it still serves an honest peer.
    private func withListener(
        configure: (inout BusConfiguration) -> Void = { _ in },
        _ body: @Sendable (Bus, BusAddress, MetricsRegistry) async throws -> Void
    ) async throws {
        let temporary = try TemporaryDirectory("gedge-hostile")
        let metrics = MetricsRegistry()
        let core = Bus(configuration: quick(.core, configure), metrics: metrics)
        core.handle(TestContract.double) { request in Number(value: request.body.value * 2) }
        core.handle(TestContract.wait) { request in
            try await Task.sleep(for: .seconds(600))
            return request.body
        }
        let address = try core.listen(BusAddress("ipc://\(temporary.file("core"))"), security: .none)
        let honest = Bus(configuration: quick(PeerID("honest")))
        try honest.connect(address, security: .none)
        try await running(core, honest) {
            try await honest.ready(.core, timeout: .seconds(60))
            try await body(core, address, metrics)
            let reply = try await honest.call(TestContract.double, Number(value: 4), to: .peer(.core))
            #expect(reply.body.value == 8)
        }
        withExtendedLifetime(temporary) {}
    }

    @Test func aReplayedFrameIsDroppedAndCounted() async throws {
        try await withListener { _, address, metrics in
            let peer = try FrameSender(address)
            try await peer.greet(as: "replayer")
            try await peer.send(Self.call, subject: "test.double", body: #"{"value":3}"#)
            #expect(try await peer.receive(.reply).body == #"{"value":6}"#)
            try await peer.send(Self.call, subject: "test.double", body: #"{"value":3}"#, sequence: 2)
            // The peer is told, and the next honest frame is served.
            #expect(try await peer.receive(on: .control).header.kind == .failure)
            try await peer.send(Self.call, subject: "test.double", body: #"{"value":5}"#)
            #expect(try await peer.receive(.reply).body == #"{"value":10}"#)
            #expect(metrics.dropped("replayed") == 1)
        }
    }

    @Test func malformedFramesAreCountedAndTooManyEndInQuarantine() async throws {
        try await withListener(configure: { $0.maximumOffences = 5 }) { core, address, metrics in
            let peer = try FrameSender(address)
            try await peer.greet(as: "babbler")
            for _ in 0..<5 { await peer.send(parts: [Array("this is no frame".utf8)]) }
            let goodbye = try await peer.receive(.goodbye)
            #expect(goodbye.body.contains("malformed"))
            #expect(metrics.dropped("truncated") == 5)
            // Nothing more is listened to, and it cannot come back under its name.
            try await peer.send(Self.call, subject: "test.double", body: #"{"value":3}"#)
            try await eventually("the frame was dropped") { metrics.dropped("quarantined") >= 1 }
            let again = try FrameSender(address, session: 2)
            await #expect(throws: NeverHappened.self) { try await again.greet(as: "babbler") }
            #expect(!core.isConnected(PeerID("babbler")))
        }
    }

    @Test func aMessageWithTooManyPartsIsDroppedWhole() async throws {
        try await withListener { _, address, metrics in
            let peer = try FrameSender(address)
            try await peer.greet(as: "stacker")
            var header = Self.call
            header.session = peer.session
            header.sequence = 2
            let head = try header.head(subject: "test.double", body: Array(#"{"value":3}"#.utf8))
            await peer.send(parts: [head] + [[UInt8]](repeating: [1, 2, 3], count: 500))
            try await eventually("it was counted") { metrics.dropped("attachment-count-mismatch") == 1 }
            try await peer.send(Self.call, subject: "test.double", body: #"{"value":5}"#, sequence: 3)
            #expect(try await peer.receive(.reply).body == #"{"value":10}"#)
        }
    }

    @Test func aFrameBeyondTheLimitEndsItsConnectionWithoutBeingRead() async throws {
        try await withListener(configure: {
            $0.frames.control = LaneLimits(bodyBytes: 10_000, attachments: 1, attachmentBytes: 10_000)
        }) { _, address, metrics in
            let peer = try FrameSender(address)
            try await peer.greet(as: "giant")
            for _ in 0..<4 { await peer.send(parts: [[UInt8](repeating: 0, count: 32 << 20)]) }
            // libzmq closes the connection at the announcement; the peer comes back without a session and is told.
            try await peer.send(Self.call, subject: "test.double", body: #"{"value":5}"#)
            let goodbye = try await peer.receive(.goodbye)
            #expect(goodbye.body.contains("unknown-session"))
            #expect(metrics.dropped("unknown-session") >= 1)
            // Before anything of it is sent.
            let announcer = try Announcer(address.endpoint(.control))
            try announcer.announce(32 << 20)
            try await ThreadExecutor(name: "announcer").run { try announcer.waitUntilHungUp() }
        }
    }

    @Test func aPeerThatNamesItsConnectionIsNotServed() async throws {
        try await withListener { core, address, metrics in
            let peer = try FrameSender(address, routingID: "core-itself")
            try await peer.send(
                FrameHeader(kind: .hello, lane: .control),
                body:
                    #"{"identity":"spoofer","instance":"x","subscriptions":[],"software":"t","heartbeatMilliseconds":1,"leaseMilliseconds":1}"#
            )
            try await eventually("it was counted") { metrics.dropped("custom-routing-id") >= 1 }
            #expect(!core.isConnected(PeerID("spoofer")))
        }
    }

    @Test func requestsBeyondThePeersShareAreRefusedAndMemoryStaysFlat() async throws {
        try await withListener(configure: { $0.maximumConcurrentRequests = 10 }) { _, address, metrics in
            let peer = try FrameSender(address)
            try await peer.greet(as: "greedy")
            for number in 1...200 {
                var header = Self.call
                header.correlation = UInt64(number)
                header.timeoutMilliseconds = 600_000
                try await peer.send(header, subject: "test.wait", body: #"{"value":3}"#)
            }
            for _ in 0..<190 {
                let refusal = try await peer.receive(.failure)
                #expect(refusal.body.contains("overloaded"))
            }
            #expect(metrics.dropped("overloaded") == 190)
        }
    }

    @Test func randomBytesDoNotHarm() async throws {
        var generator = SeededGenerator()
        let noise = (0..<300).map { _ in
            (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                (0..<Int.random(in: 0...300, using: &generator)).map { _ in
                    UInt8.random(in: .min ... .max, using: &generator)
                }
            }
        }
        try await withListener(configure: { $0.maximumOffences = 1_000_000 }) { _, address, metrics in
            let peer = try FrameSender(address)
            try await peer.greet(as: "noise")
            for (index, parts) in noise.enumerated() {
                await peer.send(parts: parts, on: Lane.allCases[index % 3])
            }
            try await peer.send(Self.call, subject: "test.double", body: #"{"value":5}"#)
            #expect(try await peer.receive(.reply).body == #"{"value":10}"#)
        }
    }
}
