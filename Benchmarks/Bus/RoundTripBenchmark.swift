import Contracts
import Core
import MessageBus

/// A small call and its answer, one at a time: the median in microseconds.
///
/// `curve` and `plain` call from the bus's own thread a handler that runs on the other bus's own thread, as control messages
/// that are answered from memory do; `on the pool` is the default, with a caller and a handler on Swift's
/// cooperative pool.
struct RoundTripBenchmark {
    private struct Number: Codable, Sendable {
        var value: Int
    }

    private static let inline = Call<Number, Number>("bench.inline")
    private static let pooled = Call<Number, Number>("bench.pooled")
    private static let roundTrips = 20_000
    private static let warmUp = 2_000

    /// The one variant to measure, or `nil` for all.
    let only: String?

    func run() async throws {
        for encryption in Encryption.allCases {
            try await measure(encryption.rawValue, encryption) { client in
                try await withTaskExecutorPreference(client.executor) { try await Self.median(client, Self.inline) }
            }
            try await measure("\(encryption.rawValue), on the pool", encryption) { client in
                try await Self.median(client, Self.pooled)
            }
        }
    }

    private func measure(
        _ variant: String, _ encryption: Encryption, _ median: @escaping @Sendable (Bus) async throws -> Double
    ) async throws {
        guard only == nil || only == variant else { return }
        let server = Bus(configuration: BusConfiguration(identity: .core))
        let client = Bus(configuration: BusConfiguration(identity: PeerID("client")))
        server.handle(Self.inline, execution: .inline) { request in request.body }
        server.handle(Self.pooled) { request in request.body }
        let value = try await encryption.connect(server, client) { try await median(client) }
        Measurement(benchmark: "bus.roundtrip", variant: variant, value: value, unit: "us").print()
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
