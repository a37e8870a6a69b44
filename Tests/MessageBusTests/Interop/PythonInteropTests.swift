import Contracts
import Core
import Foundation
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import MessageBus

/// A Python process that knows the bus from its documentation only, and a real bus, over `tcp` with CURVE.
@Suite("Interoperation with Python")
struct PythonInteropTests {
    private enum Interop {
        static let echo = Call<Text, Text>("interop.echo", lane: .model)
        static let fail = Call<Empty, Empty>("interop.fail")
        static let effect = Call<Empty, Count>("interop.effect")
        static let askBack = Call<Empty, Text>("interop.ask-back")
        static let question = Call<Text, Text>("interop.question")
        static let wait = Call<Empty, Empty>("interop.wait")
        static let count = StreamCall<Request, Number>("interop.count")
        static let breaking = StreamCall<Empty, Number>("interop.break")
        static let note = Topic<Text>("interop.note")
        static let tick = Topic<Text>("interop.tick")
    }

    private struct Text: Codable, Sendable { var text: String }
    private struct Count: Codable, Sendable { var count: Int }
    private struct Request: Codable, Sendable { var items: Int }
    private struct Number: Codable, Sendable { var number: Int }

    /// What interop.py prints.
    private struct Seen: Decodable {
        let welcome: String
        let listener: String
        let echo: String
        let failures: [String]
        let effects: [Int]
        let asked: String
        let items: Int
        let withinWindow: Bool
        let itemsBeforeFailure: Int
        let streamFailure: String
        let alive: Int
    }

    @Test(
        "calls, failures, effects, events, streams, cancellation and goodbye",
        .enabled(if: Python.has("zmq"), "needs pyzmq: run Tools/test"), .timeLimit(.minutes(2)))
    func conversation() async throws {
        let python = PeerID("edge-python")
        let directory = try TemporaryDirectory("gedge-interop")
        let keyFile = KeyFile(directory.file("python.key"))
        let key = try keyFile.loadOrCreate().publicKey
        let serverKeys = try KeyPair.generate()

        var configuration = BusConfiguration(identity: .core)
        configuration.heartbeat = .milliseconds(200)
        configuration.lease = .seconds(2)
        let bus = Bus(configuration: configuration)
        let peers = Mutex<Set<PeerID>>([])
        let traces = Mutex<Set<TraceID>>([])
        let effects = Atomic<Int>(0)

        bus.handle(Interop.echo) { (request: Inbound<Text>) -> Outbound<Text> in
            peers.withLock { _ = $0.insert(request.peer) }
            traces.withLock { _ = $0.insert(request.trace) }
            return Outbound(request.body, attachments: request.attachments)
        }
        bus.handle(Interop.fail) { (_: Inbound<Empty>) -> Empty in throw Failure(code: "on-purpose", message: "no") }
        bus.handle(Interop.effect) { (_: Inbound<Empty>) -> Count in
            Count(count: effects.add(1, ordering: .relaxed).newValue)
        }
        bus.handle(Interop.askBack) { (_: Inbound<Empty>) -> Text in
            let attachments = [Attachment([1]), Attachment([2, 3])]
            let reply = try await bus.call(
                Interop.question, Text(text: "stressed"), attachments: attachments, to: .peer(python))
            #expect(reply.attachments.map { $0.withUnsafeBytes { Array($0) } } == [[2, 3], [1]])
            return reply.body
        }
        bus.handle(Interop.wait) { (_: Inbound<Empty>) -> Empty in
            await bus.publish(Interop.tick, Text(text: "waiting"))
            do { try await Task.sleep(for: .seconds(3600)) } catch {
                // Published from outside: what a cancelled task sends may be dropped with it.
                await Task.detached { await bus.publish(Interop.tick, Text(text: "cancelled")) }.value
                throw error
            }
            return Empty()
        }
        bus.handleStream(Interop.count) { request, writer in
            for number in 0..<request.body.items {
                let bytes = [UInt8](repeating: UInt8(number % 256), count: 500)
                try await writer.send(Number(number: number), attachments: [Attachment(bytes)])
            }
        }
        bus.handleStream(Interop.breaking) { _, writer in
            for number in 0..<5 { try await writer.send(Number(number: number)) }
            throw Failure(code: "on-purpose", message: "enough")
        }
        bus.on(Interop.note) { event in await bus.publish(Interop.tick, Text(text: "seen: \(event.body.text)")) }
        let address = try bus.listen(
            BusAddress("tcp://127.0.0.1:0"),
            security: .curve(serverKeys: serverKeys, directory: FixedDirectory([key: python])))

        let output = try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                try await bus.run()
                return nil
            }
            group.addTask {
                try await Python.run(
                    Python.peer("interop.py"), ["\(address)", serverKeys.publicKey.z85, keyFile.path])
            }
            defer { group.cancelAll() }
            return try #require(try await group.next() ?? nil)
        }
        withExtendedLifetime(directory) {}

        let seen = try JSONDecoder().decode(Seen.self, from: Data(output.utf8))
        // Who it is follows from its key; what it called itself does not matter.
        #expect(seen.welcome == "edge-python")
        #expect(peers.withLock { $0 } == [python])
        #expect(seen.listener == "core")
        #expect(seen.echo == "안녕")
        #expect(traces.withLock { $0 } == [try #require(TraceID("00112233445566778899aabbccddeeff"))])
        #expect(seen.failures == ["unknown-subject", "on-purpose", "malformed"])
        #expect(seen.effects == [1, 1, 2])
        #expect(output.contains(#""event": ["interop.tick", {"text": "seen: from Python"}]"#))
        #expect(seen.asked == "desserts")
        #expect(seen.items == 300)
        #expect(seen.withinWindow)
        #expect(seen.itemsBeforeFailure == 5)
        #expect(seen.streamFailure == "on-purpose")
        #expect(seen.alive == 3)
        #expect(!bus.isConnected(python))
    }
}
