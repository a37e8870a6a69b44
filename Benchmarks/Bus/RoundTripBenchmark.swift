import Contracts
import Core
import MessageBus

/// A small call and its answer, one at a time: the median in microseconds.
///
/// `curve` and `plain` call from the bus's own thread a handler that runs on the other bus's own thread, as control messages
/// that are answered from memory do; `handler on the pool` is the default, with a caller and a handler on Swift's
/// cooperative pool.
struct RoundTripBenchmark {
    private struct Number: Codable, Sendable {
        var value: Int
    }

    private static let inline = Call<Number, Number>("bench.inline")
    private static let pooled = Call<Number, Number>("bench.pooled")
    private static let roundTrips = 20_000
    private static let warmUp = 2_000

    func run() async throws {
        for encryption in Encryption.allCases {
            let server = Bus(configuration: BusConfiguration(identity: .core))
            let client = Bus(configuration: BusConfiguration(identity: PeerID("client")))
            server.handle(Self.inline, execution: .inline) { request in request.body }
            server.handle(Self.pooled) { request in request.body }
            let (inline, pooled) = try await encryption.connect(server, client) {
                let inline = try await withTaskExecutorPreference(client.executor) {
                    try await Self.median(client, Self.inline)
                }
                return (inline, try await Self.median(client, Self.pooled))
            }
            Measurement(benchmark: "bus.roundtrip", variant: encryption.rawValue, value: inline, unit: "us").print()
            Measurement(
                benchmark: "bus.roundtrip", variant: "\(encryption.rawValue), handler on the pool", value: pooled,
                unit: "us"
            ).print()
        }
    }

    private static func median(_ client: Bus, _ call: Call<Number, Number>) async throws -> Double {
        let clock = ContinuousClock()
        var times: [Double] = []
        times.reserveCapacity(roundTrips)
        for number in 0..<(roundTrips + warmUp) {
            let start = clock.now
            let reply = try await client.call(call, Number(value: number), to: .peer(.core))
            let time = start.duration(to: clock.now).seconds * 1e6
            precondition(reply.body.value == number, "the answer belongs to another question")
            if number >= warmUp { times.append(time) }
        }
        times.sort()
        return times[times.count / 2]
    }
}
