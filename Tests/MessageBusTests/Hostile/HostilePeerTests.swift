import Contracts
import Core
import Foundation
import Glibc
import MessageBus
import Synchronization
import TestKit
import Testing

/// An admitted peer that sends garbage, and strangers that send worse, against a bus in a process of its own. Meanwhile a
/// well-behaved peer must be served without a single failure.
@Suite("Hostile peers", .timeLimit(.minutes(3)))
struct HostilePeerTests {
    private struct Text: Codable, Sendable { var text: String }

    private static let echo = Call<Text, Text>("target.echo")
    private static let metrics = Call<Empty, Text>("target.metrics")
    /// Memory of one message of the largest size, of the queues of the target's configuration, and of the allocator.
    private static let allowedGrowth = 64

    private let good: KeyPair
    private let bad: KeyPair
    private let watcher: KeyPair

    init() throws {
        good = try KeyPair.generate()
        bad = try KeyPair.generate()
        watcher = try KeyPair.generate()
    }

    /// What an attack has to do with.
    private struct Scene {
        let target: BusTarget
        /// The attacker, as an admitted peer.
        let peer: RawPeer
        private let watcher: KeyPair

        init(_ target: BusTarget, bad: KeyPair, watcher: KeyPair) throws {
            self.target = target
            self.watcher = watcher
            peer = try RawPeer(target.address, keys: bad, serverKey: target.serverKey)
        }

        /// Asks for the target's metrics until they satisfy `condition`; the attacker's sockets stay as they are meanwhile.
        func waitForMetrics(_ condition: (String) -> Bool) throws {
            let watcher = try RawPeer(target.address, keys: watcher, serverKey: target.serverKey)
            try watcher.greet(as: "edge-watcher")
            let deadline = ContinuousClock.now.advanced(by: .seconds(60))
            var correlation: UInt64 = 0
            while ContinuousClock.now < deadline {
                correlation += 1
                let ask = FrameHeader(kind: .request, lane: .control, correlation: correlation)
                try watcher.send(ask, subject: "target.metrics", body: "{}")
                let answer = try JSONDecoder().decode(Text.self, from: Data(try watcher.next(on: .control).body.utf8))
                if condition(answer.text) { return }
            }
            Issue.record("what was expected did not happen")
        }
    }

    /// Attacks a target, checks that it serves and does not grow, and returns its metrics.
    private func withstand(
        growing allowedGrowth: Int = Self.allowedGrowth, _ attack: @escaping @Sendable (Scene) throws -> Void
    ) async throws -> String {
        let target = try await BusTarget(
            admitting: [
                "edge-good": good.publicKey, "edge-bad": bad.publicKey, "edge-watcher": watcher.publicKey,
            ])
        let bus = Bus(configuration: BusConfiguration(identity: PeerID("edge-good")))
        try bus.connect(target.address, security: .curve(client: good, serverKey: target.serverKey))
        let (bad, watcher) = (bad, watcher)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.run() }
            try await bus.ready(.core)
            // What well-behaved peers may make it use.
            let largest = (0..<4).map { _ in Attachment([UInt8](repeating: 7, count: 1 << 20)) }
            for _ in 0..<8 {
                let reply = try await bus.call(Self.echo, Text(text: "warm"), attachments: largest, to: .peer(.core))
                #expect(reply.attachments.count == 4)
            }
            let before = try target.memory()

            let isOver = Atomic<Bool>(false)
            let served = Atomic<Int>(0)
            async let service: Void = {
                repeat {
                    let reply = try await bus.call(Self.echo, Text(text: "still there?"), to: .peer(.core))
                    #expect(reply.body.text == "still there?")
                    served.add(1, ordering: .relaxed)
                } while !isOver.load(ordering: .acquiring)
            }()
            do {
                defer { isOver.store(true, ordering: .releasing) }
                try await ThreadExecutor(name: "attacker").run {
                    try attack(Scene(target, bad: bad, watcher: watcher))
                }
            }
            try await service

            #expect(served.load(ordering: .relaxed) > 0)
            #expect(target.isRunning, "\(target.standardError)")
            let after = try target.memory()
            #expect(after.peak - before.now < allowedGrowth, "\(before) MiB before, \(after) MiB after")
            // What an attack took is given back.
            while try target.memory().now - before.now >= Self.allowedGrowth {
                try await Task.sleep(for: .milliseconds(50))
            }
            let metrics = try await bus.call(Self.metrics, Empty(), to: .peer(.core)).body.text
            group.cancelAll()
            return metrics
        }
    }

    /// The value of a counter.
    private static func count(_ series: String, _ metrics: String) -> Double {
        metrics.split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .flatMap { $0.split(separator: " ").last.flatMap { Double($0) } } ?? 0
    }

    @Test("garbage and mutated frames on every lane are counted, and the peer is quarantined")
    func garbage() async throws {
        let seed = UInt64.random(in: 0...(.max))
        print("hostile garbage: seed \(seed)")
        let metrics = try await withstand { scene in
            let peer = scene.peer
            var mutator = FrameMutator(seed: seed, limits: FrameLimits())
            var generator = SplitMix64(seed: seed, labels: "parts")
            for number in 0..<8000 {
                let message = mutator.next()
                let parts = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                    [UInt8](
                        repeating: UInt8(truncatingIfNeeded: number), count: .random(in: 0...9000, using: &generator))
                }
                peer.send([message.head] + parts, on: message.lane)
                if number % 500 == 499 { try peer.reconnect() }
            }
            #expect(peer.sentBytes > 50_000_000)
        }
        for reason in ["truncated", "bad-magic", "unknown-kind", "unknown-session", "length-mismatch", "quarantined"] {
            #expect(Self.count(#"gedge_bus_dropped_total{reason="\#(reason)"}"#, metrics) > 0, "\(reason)")
        }
        #expect(Self.count("gedge_bus_quarantines_total", metrics) > 0)
    }

    @Test("within a session, a bad frame is answered, replays have no effect, and too many offences end it")
    func session() async throws {
        let metrics = try await withstand { scene in
            let peer = scene.peer
            try peer.greet(as: "edge-bad")
            let ask = FrameHeader(kind: .request, lane: .control, correlation: 1)
            try peer.send(ask, subject: "target.echo", body: #"{"text":"first"}"#)
            #expect(try peer.next(on: .control).body == #"{"text":"first"}"#)

            // The same frame again: neither answered nor harmful; the next answer is that of the next question.
            var replay = ask
            replay.sequence = peer.sequence[0]
            for _ in 0..<3 { try peer.send(replay, subject: "target.echo", body: #"{"text":"first"}"#) }
            // A frame of a session that never was.
            peer.session -= 1
            try peer.send(FrameHeader(kind: .cancel, lane: .control, correlation: 1))
            peer.session += 1
            peer.send([Array("garbage".utf8)], on: .control)
            var next = ask
            next.correlation = 2
            try peer.send(next, subject: "target.echo", body: #"{"text":"second"}"#)
            var answers: [String] = []
            while answers.last?.contains("second") != true {
                let answer = try peer.next(on: .control)
                #expect(answer.header.kind == (answer.header.correlation == 2 ? .reply : .failure))
                answers.append(answer.body)
            }
            #expect(answers.contains { $0.contains("truncated") })
            #expect(!answers.contains { $0.contains("first") })

            for _ in 0..<40 { peer.send([Array("garbage".utf8)], on: .control) }
            var last = try peer.next(on: .control)
            while last.header.kind != .goodbye { last = try peer.next(on: .control) }
            #expect(last.body.contains(#""malformed""#))
        }
        #expect(Self.count(#"gedge_bus_dropped_total{reason="replayed"}"#, metrics) == 3)
        #expect(Self.count(#"gedge_bus_dropped_total{reason="stale-session"}"#, metrics) == 1)
        #expect(Self.count("gedge_bus_quarantines_total", metrics) == 1)
    }

    @Test("oversized and overfull messages are thrown away: hundreds of megabytes leave no trace")
    func oversized() async throws {
        let metrics = try await withstand { scene in
            let peer = scene.peer
            let header = FrameHeader(kind: .event, lane: .bulk, attachmentCount: 4, bodyLength: 0)
            let head = try header.head(subject: "target.none", body: Array("{}".utf8))
            let megabyte = [UInt8](repeating: 1, count: 1 << 20)
            // Five attachments where four were announced, and four where the limit lies below: read and refused.
            for number in 0..<60 {
                peer.send([head] + [[UInt8]](repeating: megabyte, count: number % 2 == 0 ? 5 : 4), on: .bulk)
                if number % 20 == 19 { try peer.reconnect() }
            }
            // Twenty thousand parts.
            for _ in 0..<10 { peer.send([head] + [[UInt8]](repeating: [1], count: 20_000), on: .bulk) }
            // One part beyond the lane's limit: libzmq closes the connection.
            try peer.reconnect()
            for _ in 0..<5 {
                peer.send([head, [UInt8](repeating: 2, count: 3 << 20)], on: .bulk)
                try peer.reconnect()
            }
            #expect(peer.sentBytes > 200 << 20)
        }
        #expect(Self.count(#"gedge_bus_dropped_total{reason="attachment-count-mismatch"}"#, metrics) > 0)
    }

    @Test("a peer that asks and never reads loses its session, not the bus its memory")
    func deaf() async throws {
        let metrics = try await withstand { scene in
            let peer = scene.peer
            try peer.greet(as: "edge-bad")
            let megabyte = [UInt8](repeating: 1, count: 1 << 20)
            for number in 1...200 {
                let ask = FrameHeader(kind: .request, lane: .control, correlation: UInt64(number))
                try peer.send(ask, subject: "target.echo", body: #"{"text":"x"}"#, attachments: [megabyte])
            }
            #expect(peer.sentBytes > 50 << 20)
            try scene.waitForMetrics { Self.count(#"gedge_bus_dropped_total{reason="no-room"}"#, $0) > 0 }
        }
        // The well-behaved peer's, and perhaps that of the one that watched.
        #expect(Self.count("gedge_bus_sessions", metrics) <= 2)
    }

    @Test("strangers on the plain TCP ports, with no key or a wrong one, get nowhere")
    func strangers() async throws {
        let metrics = try await withstand { scene in
            let target = scene.target
            guard case .tcp(_, let port) = target.address.transport else { return }
            var generator = SplitMix64(seed: 5)
            for number in 0..<200 {
                let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                defer { close(socket) }
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = in_port_t(UInt16(port + number % 4).bigEndian)
                address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
                let status = withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
                #expect(status == 0)
                // ZMTP's greeting with another mechanism, or with garbage after it, or no greeting at all.
                var bytes: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0] + Array("NULL".utf8)
                bytes += [UInt8](repeating: 0, count: 64 - bytes.count)
                if number % 3 == 0 { bytes = Array("GET / HTTP/1.1\r\n\r\n".utf8) }
                if number % 3 == 1 { bytes += (0..<5000).map { _ in UInt8(truncatingIfNeeded: generator.next()) } }
                _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            }
            for _ in 0..<20 {
                let stranger = try RawPeer(
                    target.address, keys: .generate(), serverKey: target.serverKey, linger: 0)
                stranger.send([Array("GEDG".utf8)], on: .control)
                let lost = try RawPeer(
                    target.address, keys: .generate(), serverKey: KeyPair.generate().publicKey, linger: 0)
                lost.send([Array("GEDG".utf8)], on: .control)
            }
            let wrong = try KeyPair.generate()
            let refused = try CurveHarness(serverKey: target.serverKey)
            let outcome = try refused.outcome(refused.client(wrong, to: "tcp://127.0.0.1:\(port)").monitor)
            #expect(outcome == "400")
        }
        let series = #"gedge_bus_authentications_total{domain="gedge.peer",verdict="denied"}"#
        #expect(Self.count(series, metrics) > 0)
        // Garbage for want of a greeting is counted as well.
        #expect(Self.count(#"gedge_bus_ungreeted_total{domain="gedge.peer"}"#, metrics) > 0)
    }

    @Test("a message without end costs its sender the connection, not the bus its memory", arguments: [true, false])
    func endless(isStranger: Bool) async throws {
        let domain = isStranger ? "gedge.enrol" : "gedge.peer"
        let series = #"gedge_bus_connections_cut_total{domain="\#(domain)"}"#
        // A peer may send a whole message of the lane's largest size, and is looked at some times a second.
        let metrics = try await withstand(growing: isStranger ? Self.allowedGrowth : 300) { scene in
            let part = [UInt8](repeating: 1, count: isStranger ? 8000 : 1 << 20)
            let parts = [[UInt8]](repeating: part, count: (600 << 20) / part.count)
            // libzmq begins to send a message when its last part is given: one of 600 MiB.
            if isStranger {
                let (address, key) = (scene.target.address, scene.target.serverKey)
                let stranger = try RawPeer(address, keys: .generate(), serverKey: key, linger: 0)
                try stranger.sendToEnrolment(parts)
                try scene.waitForMetrics { Self.count(series, $0) > 0 }
            } else {
                scene.peer.send(parts, on: .bulk)
                try scene.waitForMetrics { Self.count(series, $0) > 0 }
                try scene.peer.reconnect()
            }
        }
        #expect(Self.count(series, metrics) > 0)
    }

    @Test("someone who guesses tokens is refused each time, and ever more slowly")
    func guessing() async throws {
        let target = try await BusTarget(admitting: [:])
        let keys = try KeyPair.generate()
        for _ in 0..<3 {
            let error = await #expect(throws: BusError.self) {
                try await Bus.enrol(
                    address: target.address, serverKey: target.serverKey, keys: keys,
                    request: EnrolRequest(secret: "guess", proposedName: nil))
            }
            #expect(error?.code == "wrong-token")
        }
        // Each attempt and its penalty takes five of the thirty-two.
        var isSlowed = false
        for _ in 0..<12 where !isSlowed {
            do {
                _ = try await Bus.enrol(
                    address: target.address, serverKey: target.serverKey, keys: keys,
                    request: EnrolRequest(secret: "guess", proposedName: nil), timeout: .milliseconds(500))
            } catch let error as BusError { isSlowed = error.code == "unreachable" }
        }
        #expect(isSlowed)
    }
}
