import Contracts
import Core
import Foundation
import MessageBus
import Testing

@testable import GEdgeCommand

struct NetCommandTests {
    private let core: FakeCore

    init() throws { core = try FakeCore() }

    private func serve() {
        core.bus.handleStream(TopologyContract.netTest) { request, writer in
            guard request.body.edge.text == "edge-1" else {
                throw Failure(code: request.body.edge.text, message: "that cannot be tested")
            }
            try await writer.send(NetTestEvent(progress: .init(step: "round trips", done: 0, total: 2)))
            var latency = NetTestLatency(sent: request.body.roundTrips, lost: 1)
            latency.minimum = 0.0001
            latency.median = 0.0123
            try await writer.send(NetTestEvent(latency: latency))
            let rows = request.body.sizes.map { size in
                NetTestThroughput(
                    from: .core, to: PeerID("edge-1"), size: size, flows: request.body.flows, repetitions: 3,
                    seconds: 0.5, bytesPerSecond: Double(2 * size))
            }
            for row in rows { try await writer.send(NetTestEvent(throughput: row)) }
            try await writer.send(
                NetTestEvent(
                    throughput: NetTestThroughput(
                        from: PeerID("edge-1"), to: .core, size: 1000, flows: 1, skipped: "the limit is used up")))
        }
    }

    @Test func aTestIsATableOrJSONWithItsProgressBesideIt() async throws {
        serve()
        try await core.serving { [core] in
            let table = await core.gedge("net", "test", "edge/edge-1", "--sizes", "1kB,100MB", "--count", "50")
            #expect(
                table.lines == [
                    "ROUND TRIPS  LOST         MIN      P50  P90  P99  MAX  JITTER",
                    "         50  1 (2%)  0.100 ms  12.3 ms    -    -    -       -",
                    "FROM    TO        SIZE  FLOWS  TIMES  TIME                                RATE        BITS",
                    "core    edge-1    1 kB      1      3  500 ms                            2 kB/s   16 kbit/s",
                    "core    edge-1  100 MB      1      3  500 ms                          200 MB/s  1.6 Gbit/s",
                    "edge-1  core      1 kB      1      0  left out: the limit is used up         -           -",
                ])
            #expect(table.error == "")
            let json = Data(
                await core.gedge("net", "test", "edge-1", "--sizes", "none", "--lane", "model", "-o", "json").output
                    .utf8)
            let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
            #expect(object["lane"] as? String == "model")
            #expect((object["latency"] as? [String: Any])?["sent"] as? Int == 100)
            #expect((object["throughput"] as? [Any])?.count == 1)
            let seen = await core.gedge("net", "test", "edge-1", interactive: true)
            #expect(seen.error.contains("round trips"))
        }
    }

    @Test func failuresHaveTheirExitCodes() async throws {
        serve()
        try await core.serving { [core] in
            #expect(await core.gedge("net", "test", "not-found").code == .notFound)
            #expect(await core.gedge("net", "test", "unreachable").code == .unreachable)
            let busy = await core.gedge("net", "test", "busy")
            #expect(busy.code == .failed && busy.error.contains("that cannot be tested"))
        }
    }

    @Test(arguments: [
        ["edge-1", "--sizes", "1XB"], ["edge-1", "--sizes", "0"], ["edge-1", "--sizes", "2GiB"],
        ["edge-1", "--sizes", ""],
        ["edge-1", "--flows", "0"], ["edge-1", "--count", "-1"], ["edge-1", "--limit", "much"],
        ["edge-1", "--lane", "control"], ["Edge 1"], [],
    ])
    func whatMakesNoSenseIsRefusedHere(_ words: [String]) async {
        let run =
            words.count == 3
            ? await core.gedge("net", "test", words[0], words[1], words[2])
            : words.isEmpty ? await core.gedge("net", "test") : await core.gedge("net", "test", words[0])
        #expect(run.code == .usage)
    }
}
