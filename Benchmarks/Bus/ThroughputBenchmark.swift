import Contracts
import Core
import MessageBus

/// A stream of attachments of 1 MiB under a credit of 8 MiB, sent and received without a copy: gigabytes per second.
///
/// `curve` and `plain` write and read on the buses' own threads; `on the pool` is the default, with writer and reader on
/// Swift's cooperative pool.
struct ThroughputBenchmark {
    private struct Question: Codable, Sendable {
        var count: Int
    }

    private static let inline = StreamCall<Question, Empty>("bench.inline")
    private static let pooled = StreamCall<Question, Empty>("bench.pooled")
    private static let blockBytes = 1 << 20

    /// The one variant to measure, or `nil` for all.
    let only: String?

    func run() async throws {
        for encryption in Encryption.allCases {
            let count = encryption == .curve ? 1000 : 4000
            try await measure(encryption.rawValue, encryption) { client in
                try await withTaskExecutorPreference(client.executor) {
                    try await Self.rate(client, Self.inline, count: count)
                }
            }
            try await measure("\(encryption.rawValue), on the pool", encryption) { client in
                try await Self.rate(client, Self.pooled, count: count)
            }
        }
    }

    private func measure(
        _ variant: String, _ encryption: Encryption, _ rate: @escaping @Sendable (Bus) async throws -> Double
    ) async throws {
        guard only == nil || only == variant else { return }
        let server = Bus(configuration: BusConfiguration(identity: .core))
        let client = Bus(configuration: BusConfiguration(identity: PeerID("client")))
        let block = Attachment([UInt8](repeating: 0x5a, count: Self.blockBytes))
        server.handleStream(Self.inline, execution: .inline) { request, writer in
            for _ in 0..<request.body.count { try await writer.send(Empty(), attachments: [block]) }
        }
        server.handleStream(Self.pooled) { request, writer in
            for _ in 0..<request.body.count { try await writer.send(Empty(), attachments: [block]) }
        }
        let value = try await encryption.connect(server, client) { try await rate(client) }
        Measurement(benchmark: "bus.throughput", variant: variant, value: value, unit: "GB/s").print()
    }

    private static func rate(
        _ client: Bus, _ blocks: StreamCall<Question, Empty>, count: Int
    ) async throws -> Double {
        let clock = ContinuousClock()
        let warmUp = count / 10
        var start = clock.now
        var received = 0
        var sum = 0
        let stream = try await client.stream(
            blocks, Question(count: count), to: .peer(.core), window: 8 << 20)
        for try await item in stream {
            // As a reader would: the bytes are looked at.
            for attachment in item.attachments { sum += attachment.withUnsafeBytes { Int($0[received % $0.count]) } }
            received += 1
            if received == warmUp { start = clock.now }
        }
        let seconds = start.duration(to: clock.now).seconds
        precondition(received == count && sum == count * 0x5a, "blocks were lost or changed")
        return Double((count - warmUp) * blockBytes) / seconds / 1e9
    }
}
