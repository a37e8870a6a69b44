import CZeroMQ
import Contracts
import Telemetry
import Testing

@testable import MessageBus

@Suite("Authenticator")
struct AuthenticatorTests {
    private static func authenticator(
        _ harness: CurveHarness, _ directory: FixedDirectory, logger: Logger = .disabled,
        metrics: MetricsRegistry = MetricsRegistry()
    ) throws -> Authenticator {
        try Authenticator(context: harness.context, directory: directory, logger: logger, metrics: metrics)
    }

    @Test("a known key is admitted and its messages carry the directory's name, not the peer's word")
    func known() async throws {
        try await CurveHarness.run { harness in
            let keys = try KeyPair.generate()
            let gate = try Self.authenticator(harness, FixedDirectory([keys.publicKey: PeerID("edge-1")]))
            try gate.start()
            let server = try harness.server(domain: "gedge.peer")
            let client = try harness.client(keys, to: server.address)
            #expect(try harness.outcome(client.monitor) == "200")
            try harness.send(client.socket, [Array("I am edge-2".utf8)])
            #expect(harness.sender(server.socket) == ["edge-1", keys.publicKey.z85])
            harness.closeSockets()
            gate.stop()
        }
    }

    @Test(
        "an unknown key, a revoked key and an unknown domain are refused",
        arguments: ["gedge.peer", "gedge.enrol", "x"])
    func unknown(domain: String) async throws {
        try await CurveHarness.run { harness in
            let revoked = try KeyPair.generate()
            let directory = FixedDirectory([revoked.publicKey: PeerID("edge-1")])
            let metrics = MetricsRegistry()
            let gate = try Self.authenticator(harness, directory, metrics: metrics)
            try gate.start()
            directory.set(revoked.publicKey, nil)
            let server = try harness.server(domain: domain)
            for keys in [try KeyPair.generate(), revoked] {
                #expect(try harness.outcome(harness.client(keys, to: server.address).monitor) == "400")
            }
            let name = AuthenticationDomain(rawValue: domain) == nil ? "other" : domain
            let series = #"gedge_bus_authentications_total{domain="\#(name)",verdict="denied"} 2"#
            #expect(metrics.prometheusText().contains(series), "\(metrics.prometheusText())")
            harness.closeSockets()
            gate.stop()
        }
    }

    @Test("without an authenticator libzmq admits every key: the reason for the order of start and bind")
    func failsOpen() async throws {
        try await CurveHarness.run { harness in
            let server = try harness.server(domain: "gedge.peer")
            #expect(try harness.outcome(harness.client(KeyPair.generate(), to: server.address).monitor) == "200")
        }
    }

    @Test("between bind and start nobody is admitted; whoever waited is answered after start")
    func shutBeforeStart() async throws {
        try await CurveHarness.run { harness in
            let keys = try KeyPair.generate()
            let gate = try Self.authenticator(harness, FixedDirectory([keys.publicKey: PeerID("edge-1")]))
            let server = try harness.server(domain: "gedge.peer")
            let client = try harness.client(keys, to: server.address)
            #expect(try harness.outcome(client.monitor, within: 300) == nil)
            try gate.start()
            #expect(try harness.outcome(client.monitor) == "200")
            harness.closeSockets()
            gate.stop()
        }
    }

    @Test("a stranger reaches the enrolment socket while a token is open, under its key")
    func enrolment() async throws {
        try await CurveHarness.run { harness in
            let directory = FixedDirectory([:], acceptsEnrolment: true)
            let gate = try Self.authenticator(harness, directory)
            try gate.start()
            let enrolment = try harness.server(domain: "gedge.enrol")
            let peers = try harness.server(domain: "gedge.peer")
            let stranger = try KeyPair.generate()
            let client = try harness.client(stranger, to: enrolment.address)
            #expect(try harness.outcome(client.monitor) == "200")
            try harness.send(client.socket, [[1]])
            #expect(harness.sender(enrolment.socket) == [stranger.publicKey.z85, stranger.publicKey.z85])
            #expect(try harness.outcome(harness.client(stranger, to: peers.address).monitor) == "400")
            directory.set(acceptsEnrolment: false)
            #expect(try harness.outcome(harness.client(.generate(), to: enrolment.address).monitor) == "400")
            harness.closeSockets()
            gate.stop()
        }
    }

    @Test("a context has one authenticator, and another one after it has stopped")
    func one() async throws {
        try await CurveHarness.run { harness in
            let directory = FixedDirectory([:])
            let first = try Self.authenticator(harness, directory)
            let error = #expect(throws: SecurityError.self) { try Self.authenticator(harness, directory) }
            #expect(error?.message.contains("is an authenticator running in this context already?") == true)
            first.stop()
            first.stop()
            let second = try Self.authenticator(harness, directory)
            try second.start()
            try second.start()
            second.stop()
            try second.start()
            // Neither stopped nor started: released, which must not leave the endpoint bound.
            _ = try Self.authenticator(harness, directory)
            try Self.authenticator(harness, directory).stop()
        }
    }

    @Test("malformed ZAP requests are answered with 500 and do no harm")
    func malformed() async throws {
        try await CurveHarness.run { harness in
            let keys = try KeyPair.generate()
            let metrics = MetricsRegistry()
            let gate = try Self.authenticator(
                harness, FixedDirectory([keys.publicKey: PeerID("edge-1")]), metrics: metrics)
            try gate.start()
            let asker = try harness.socket(ZMQ_REQ)
            try harness.check(zmq_connect(asker, "inproc://zeromq.zap.01"))
            let good =
                ["1.0", "7", "gedge.peer", "192.0.2.1", "", "CURVE"].map { Array($0.utf8) } + [keys.publicKey.bytes]
            let bad: [[[UInt8]]] = [
                [[]], [[0xff]], Array(good.prefix(6)), good + [[1]], Array(repeating: [1, 2, 3], count: 1000),
                [[UInt8](repeating: 0, count: 1 << 20)], Array(good.prefix(6)) + [[UInt8](repeating: 9, count: 31)],
            ]
            for parts in bad {
                try harness.send(asker, parts)
                let answer = harness.receive(asker)
                #expect(answer.count == 6)
                #expect(answer.dropFirst(2).first == Array("500".utf8))
                #expect(answer.dropFirst(4).first == [])
            }
            try harness.send(asker, good)
            #expect(
                harness.receive(asker).prefix(5) == ["1.0", "7", "200", "OK", "edge-1"].map { Array($0.utf8) }[...])
            let series = #"gedge_bus_authentications_total{domain="other",verdict="malformed"} 7"#
            #expect(metrics.prometheusText().contains(series))
            harness.closeSockets()
            gate.stop()
        }
    }

    @Test("a thousand refusals leave a few lines in the log, which say how many they stand for")
    func boundedLog() async throws {
        try await CurveHarness.run { harness in
            let sink = MemorySink()
            let metrics = MetricsRegistry()
            let gate = try Self.authenticator(
                harness, FixedDirectory([:]), logger: Logger(label: "bus", sink: sink), metrics: metrics)
            try gate.start()
            let asker = try harness.socket(ZMQ_REQ)
            try harness.check(zmq_connect(asker, "inproc://zeromq.zap.01"))
            let key = try KeyPair.generate().publicKey
            let request = ["1.0", "1", "gedge.peer", "192.0.2.1", "", "CURVE"].map { Array($0.utf8) } + [key.bytes]
            for _ in 0..<1000 {
                try harness.send(asker, request)
                #expect(harness.receive(asker).dropFirst(2).first == Array("400".utf8))
            }
            #expect((1...20).contains(sink.records.count))
            #expect(sink.records.first?.metadata.contains { $0.key == "key" && $0.value == key.z85 } == true)
            #expect(metrics.prometheusText().contains(#"verdict="denied"} 1000"#))
            harness.closeSockets()
            gate.stop()
        }
    }
}
