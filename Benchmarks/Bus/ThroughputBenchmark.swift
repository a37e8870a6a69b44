import Contracts
import Core
import MessageBus

/// A stream of attachments of 1 MiB under a credit of 8 MiB, sent and received without a copy: gigabytes per second.
struct ThroughputBenchmark {
    private struct Question: Codable, Sendable {
        var count: Int
    }

    private static let blocks = StreamCall<Question, Empty>("bench.blocks")
    private static let blockBytes = 1 << 20

    /// The one variant to measure, or `nil` for all.
    let only: String?

    func run() async throws {
        for encryption in Encryption.allCases where only == nil || only == encryption.rawValue {
            let server = Bus(configuration: BusConfiguration(identity: .core))
            let client = Bus(configuration: BusConfiguration(identity: PeerID("client")))
            let block = Attachment([UInt8](repeating: 0x5a, count: Self.blockBytes))
            server.handleStream(Self.blocks) { request, writer in
                for _ in 0..<request.body.count { try await writer.send(Empty(), attachments: [block]) }
            }
            let count = encryption == .curve ? 1000 : 4000
            let rate = try await encryption.connect(server, client) { try await Self.rate(client, count: count) }
            Measurement(benchmark: "bus.throughput", variant: encryption.rawValue, value: rate, unit: "GB/s").print()
        }
    }

    private static func rate(_ client: Bus, count: Int) async throws -> Double {
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
