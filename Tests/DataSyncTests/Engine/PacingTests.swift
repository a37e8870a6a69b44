import TestKit
import Testing

@testable import DataSync

@Suite struct PacingTests {
    /// Whatever is sent and however the limit changes: in no stretch of time passes more than the rate allows, the burst and
    /// one item aside; and whoever waits as told is never held up for ever.
    @Test func aLimitHolds() {
        var random = SeededGenerator(seed: 111)
        for trial in 0..<200 {
            let start = ContinuousClock.now
            let rate = Int.random(in: 1000...1_000_000, using: &random)
            var limit = RateLimit(bytesPerSecond: rate)
            var now = start
            var sent: [(at: Double, bytes: Int)] = []
            for _ in 0..<200 {
                if let ready = limit.ready(at: now) { now = ready }
                #expect(limit.ready(at: now) == nil)
                let bytes = Int.random(in: 1...10_000, using: &random)
                limit.take(bytes, at: now)
                sent.append(((now - start) / .seconds(1), bytes))
                if Bool.random(using: &random) { now += .microseconds(Int.random(in: 0...20_000, using: &random)) }
            }
            for first in stride(from: 0, to: sent.count, by: 17) {
                var sum = 0
                for item in sent[first...] {
                    sum += item.bytes
                    let allowed = Double(rate) * (item.at - sent[first].at + 0.020) + 20_000
                    #expect(Double(sum) <= allowed + 1, "trial \(trial)")
                }
            }
        }
    }

    @Test func aLimitMayChangeAndGo() {
        let now = ContinuousClock.now
        var limit = RateLimit()
        limit.take(1 << 30, at: now)
        #expect(limit.ready(at: now) == nil)
        limit.set(1000, at: now)
        limit.take(1000, at: now)
        #expect(limit.ready(at: now).map { ($0 - now) / .milliseconds(1) } == 980)
        limit.set(2000, at: now)
        #expect(limit.ready(at: now).map { ($0 - now) / .milliseconds(1) } == 480)
        limit.set(0, at: now)
        #expect(limit.ready(at: now) == nil)
    }

    /// A simulated link of any speed and length: the window that the estimate arrives at keeps the link busy and holds no
    /// more than it carries in a round trip and a few tens of milliseconds.
    @Test(arguments: [1e6, 12.5e6, 125e6, 1e9], [0.0001, 0.002, 0.03])
    func theWindowFitsTheLink(rate: Double, roundTrip: Double) {
        var estimate = LinkEstimate()
        var now = ContinuousClock.now
        var achieved = 0.0
        for _ in 0..<200 {
            let window = Double(estimate.window)
            // What a link does that has `window` bytes on its way: fills up, or waits for credit.
            achieved = min(rate, window / roundTrip)
            let bytes = Int(max(window, achieved * 0.25))
            let time = Duration.seconds(Double(bytes) / achieved)
            now += time
            estimate.note(bytes: bytes, over: time)
            estimate.note(roundTrip: .seconds(roundTrip), at: now)
        }
        let ideal = rate * (roundTrip + 0.010)
        let window = Double(estimate.window)
        #expect(LinkEstimate.windows.contains(estimate.window))
        #expect(achieved >= LinkEstimate.fast || window <= max(ideal * 1.01, Double(LinkEstimate.windows.lowerBound)))
        #expect(achieved >= 0.95 * min(rate, Double(LinkEstimate.windows.upperBound) / roundTrip))
        #expect(LinkEstimate.itemBytes(window: estimate.window) * 2 <= estimate.window)
    }

    @Test func aRateIsThatOfTheLastSeconds() {
        let start = ContinuousClock.now
        var meter = RateMeter()
        #expect(meter.rate(at: start) == 0)
        for step in 0..<100 { meter.note(1000, at: start + .milliseconds(100 * step)) }
        let rate = meter.rate(at: start + .seconds(10))
        #expect((9000...11_000).contains(rate))
        #expect(meter.rate(at: start + .seconds(60)) == 0)
    }
}
