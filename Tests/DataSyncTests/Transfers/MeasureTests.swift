import Contracts
import MessageBus
import Testing

@testable import DataSync

/// What transfers tell of the links they went over.
@Suite(.timeLimit(.minutes(2))) struct MeasureTests {
    @Test func aTransferThatALimitHeldUpIsToldAsOneToTheCore() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        let (measures, feed) = AsyncStream<Inbound<TransferMeasure>>.makeStream()
        core.bus.on(DataSyncContract.transferred) { feed.yield($0) }
        try await pair.running(core, edge) {
            let summary = try await core.publish([Bytes.noise(600_000, seed: 1)], as: "job/1")
            try await core.control(.limit, bytesPerSecond: 400_000)
            _ = try await edge.fetch(summary.digest, as: "job/1")
            for await message in measures {
                // Who says so is known from its connection.
                #expect(message.peer == PeerID("edge-a"))
                let measure = message.body
                #expect(measure.peer == .core && measure.isLimited)
                #expect(measure.bytes > 64 << 10 && measure.bytes <= 600_000)
                // The limit is exact in the long run and lets a burst of 20 ms through at once.
                #expect(Double(measure.bytes) / measure.seconds < 440_000)
                #expect(measure.firstByteSeconds.map { $0 > 0 } == true)
                break
            }
        }
    }

    private static func time(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }
    private static let start = ContinuousClock.now

    @Test func aSenderHoldsTheLinkUpWhenItHardlyWaitsForRoom() {
        var pace = SenderPace()
        #expect(!pace.isHeld(at: Self.time(0)))
        pace.sent(at: Self.time(0), waited: .milliseconds(100))
        #expect(!pace.isHeld(at: Self.time(10)))
        #expect(pace.isHeld(at: Self.time(1000)))
        pace.sent(at: Self.time(0), waited: .zero)
        #expect(pace.isHeld(at: Self.time(5)))
    }

    @Test func aReceiverHoldsTheLinkUpWhenItHardlyWaitsForItems() {
        var waiting = ReceiverPace()
        var working = ReceiverPace()
        var held = ReceiverPace()
        for index in 0..<10 {
            waiting.came(1000, isHeld: index == 0, at: Self.time(100 * index))
            waiting.tookOver(at: Self.time(100 * index + 10))
            working.came(1000, isHeld: false, at: Self.time(100 * index))
            working.tookOver(at: Self.time(100 * index + 95))
            held.came(1000, isHeld: index > 3, at: Self.time(100 * index))
            held.tookOver(at: Self.time(100 * index + 10))
        }
        #expect(!waiting.isLimited)
        #expect(working.isLimited)
        #expect(held.isLimited)
    }
}
