import Core
import TestKit
import Testing

@testable import Topology

@Suite struct LinkEstimatorTests {
    private static func time(_ second: Int) -> Timestamp { Timestamp(milliseconds: Int64(second) * 1000) }

    private struct Measure: Sendable {
        var at: Timestamp
        var roundTrip: Double?
        var bytes: Int?
        var seconds = 0.0
        var isLimited = false
    }

    private static func estimate(_ measures: [Measure]) -> LinkEstimator {
        var link = LinkEstimator()
        for measure in measures {
            if let bytes = measure.bytes {
                let isTaken = link.note(
                    bytes: bytes, over: measure.seconds, isLimited: measure.isLimited, at: measure.at)
                #expect(isTaken)
            } else {
                let isTaken = link.note(roundTrip: measure.roundTrip, at: measure.at)
                #expect(isTaken)
            }
        }
        return link
    }

    @Test func nothingIsKnownOfALinkThatWasNeverMeasured() {
        let link = LinkEstimator()
        #expect(link.roundTrip == nil)
        #expect(link.loss == nil)
        #expect(link.bytesPerSecond == nil)
        #expect(link.transferred == nil)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 0, -0.001, 601])
    func aRoundTripThatCannotBeIsRefused(_ seconds: Double) {
        var link = LinkEstimator()
        let isTaken = link.note(roundTrip: seconds, at: Self.time(1))
        #expect(!isTaken)
        #expect(link == LinkEstimator())
    }

    @Test(arguments: [
        (0, 1.0), (-1, 1.0), (1 << 20, 0.0), (1 << 20, -1.0), (1 << 20, .nan), (1 << 20, .infinity), (.max, 1e-9),
    ])
    func aTransferThatCannotBeIsRefused(_ bytes: Int, _ seconds: Double) {
        var link = LinkEstimator()
        let isTaken = link.note(bytes: bytes, over: seconds, isLimited: false, at: Self.time(1))
        #expect(!isTaken)
        let isLimitedTaken = link.note(bytes: bytes, over: seconds, isLimited: true, at: Self.time(1))
        #expect(!isLimitedTaken)
        #expect(link == LinkEstimator())
    }

    @Test func smallTransfersTellNothingOfTheBandwidth() {
        var measures = [
            Measure(at: Self.time(1), roundTrip: 0.1), Measure(at: Self.time(2), bytes: 1000, seconds: 1),
            Measure(at: Self.time(3), bytes: 1 << 20, seconds: 0.001),
            // Three round trips' worth: it waited more than it moved.
            Measure(at: Self.time(4), bytes: 1 << 20, seconds: 0.3),
        ]
        #expect(Self.estimate(measures).bytesPerSecond == nil)
        measures.append(Measure(at: Self.time(5), bytes: 1 << 20, seconds: 0.5))
        #expect(Self.estimate(measures).bytesPerSecond == Double(1 << 20) / 0.5)
    }

    @Test func theRoundTripIsTheMedianAndLossTheShareUnanswered() throws {
        let link = Self.estimate(
            [0.010, 0.012, 0.011, nil, 5.0].enumerated().map {
                Measure(at: Self.time($0.offset), roundTrip: $0.element)
            })
        let roundTrip = try #require(link.roundTrip)
        #expect(abs(roundTrip.median - 0.0115) < 1e-12)
        #expect(link.loss == 0.2)
        #expect(link.probed == Self.time(4))
    }

    @Test func fewerThanHalfOutliersDoNotMoveTheRoundTripOutOfTheOthers() throws {
        var random = SeededGenerator()
        for _ in 0..<2000 {
            let base = Double.random(in: 1e-4...1, using: &random)
            let count = Int.random(in: 3...LinkEstimator.probeWindow, using: &random)
            let outliers = Int.random(in: 0...(count - 1) / 2, using: &random)
            var values = (0..<count - outliers).map { _ in base * Double.random(in: 0.95...1.05, using: &random) }
            values += (0..<outliers).map { _ in
                Bool.random(using: &random) ? base * .random(in: 2...500, using: &random) : base / 100
            }
            values = values.map { min($0, LinkEstimator.longestRoundTrip) }.shuffled(using: &random)
            let link = Self.estimate(
                values.enumerated().map { Measure(at: Self.time($0.offset), roundTrip: $0.element) })
            let median = try #require(link.roundTrip).median
            #expect(median >= base * 0.95 && median <= base * 1.05)
        }
    }

    @Test func whatOrderMeasurementsComeInDoesNotMatter() {
        var random = SeededGenerator()
        for _ in 0..<500 {
            let measures = (0..<Int.random(in: 1...200, using: &random)).map { index in
                let time = Self.time(Int.random(in: 0...60, using: &random) + index / 8)
                // Long transfers only, so that none is left out for a round trip that is known in one order and not in another.
                return Bool.random(using: &random)
                    ? Measure(at: time, roundTrip: .random(in: 0.001...0.1, using: &random))
                    : Measure(
                        at: time, bytes: .random(in: 1 << 20...1 << 30, using: &random),
                        seconds: .random(in: 0.5...20, using: &random), isLimited: Bool.random(using: &random))
            }
            #expect(Self.estimate(measures) == Self.estimate(measures.shuffled(using: &random)))
        }
    }

    /// About one in a thousand is further off: where the newest transfers happen to be those in competition.
    @Test func theBandwidthOfAKnownLinkIsFoundWithinATenth() throws {
        var random = SeededGenerator()
        var misses = 0
        for _ in 0..<1000 {
            let rate = pow10(Double.random(in: 5...9.5, using: &random))
            let measures = (0..<Int.random(in: 24...100, using: &random)).map { index in
                var measure = Measure(at: Self.time(index), bytes: 0)
                measure.seconds = .random(in: 0.5...4, using: &random)
                var got = rate * Double.random(in: 0.93...1.02, using: &random)
                switch Int.random(in: 0..<20, using: &random) {
                case 0:  // A burst out of somebody's buffer.
                    measure.seconds = 0.03
                    got = rate * 10
                case 1...4: got *= .random(in: 0.1...0.9, using: &random)  // Others use the link as well.
                case 5...8:  // A policy's limit.
                    got *= .random(in: 0.01...0.5, using: &random)
                    measure.isLimited = true
                default: break
                }
                measure.bytes = max(LinkEstimator.fewestBytes, Int(got * measure.seconds))
                measure.seconds = max(measure.seconds, Double(measure.bytes ?? 0) / got)
                return measure
            }
            let found = try #require(Self.estimate(measures).bytesPerSecond)
            if abs(found - rate) > 0.1 * rate { misses += 1 }
        }
        #expect(misses <= 10)
    }

    @Test func transfersThatSomethingElseHeldUpNeverLowerTheEstimate() throws {
        var random = SeededGenerator()
        for _ in 0..<1000 {
            var link = LinkEstimator()
            for second in 0..<Int.random(in: 1...40, using: &random) {
                _ = link.note(
                    bytes: .random(in: 1 << 20...1 << 28, using: &random), over: .random(in: 0.1...8, using: &random),
                    isLimited: false, at: Self.time(second))
            }
            let before = try #require(link.bytesPerSecond)
            for second in 0..<Int.random(in: 1...100, using: &random) {
                _ = link.note(
                    bytes: .random(in: 1 << 16...1 << 28, using: &random), over: .random(in: 0.1...100, using: &random),
                    isLimited: true, at: Self.time(100 + second))
                #expect(try #require(link.bytesPerSecond) >= before)
            }
        }
    }

    @Test func whatIsKnownOfLimitedTransfersAloneIsWhatTheyGot() {
        var link = LinkEstimator()
        _ = link.note(bytes: 10_000_000, over: 10, isLimited: true, at: Self.time(1))
        #expect(link.bytesPerSecond == 1e6)
        // One that nothing held up counts for more from then on, although it is slower.
        _ = link.note(bytes: 5_000_000, over: 10, isLimited: false, at: Self.time(2))
        #expect(link.bytesPerSecond == 1e6)
        _ = link.note(bytes: 50_000_000, over: 10, isLimited: false, at: Self.time(3))
        #expect(link.bytesPerSecond == 5e6)
    }

    @Test func aLinkThatBecameSlowerIsNoticed() throws {
        var link = LinkEstimator()
        for second in 0..<32 { _ = link.note(bytes: 100_000_000, over: 1, isLimited: false, at: Self.time(second)) }
        _ = link.note(bytes: 10_000_000, over: 1, isLimited: false, at: Self.time(40))
        #expect(link.bytesPerSecond == 1e8)
        for second in 41..<52 { _ = link.note(bytes: 10_000_000, over: 1, isLimited: false, at: Self.time(second)) }
        #expect(link.bytesPerSecond == 1e7)
    }

    @Test func windowsAreBounded() {
        var link = LinkEstimator()
        for second in 0..<1000 {
            _ = link.note(roundTrip: 0.01, at: Self.time(second))
            _ = link.note(bytes: 1 << 20, over: 1, isLimited: second % 2 == 0, at: Self.time(second))
        }
        #expect(link.probes.count == LinkEstimator.probeWindow)
        #expect(link.transfers.count == LinkEstimator.transferWindow)
        #expect(link.limited.count == LinkEstimator.limitedWindow)
        #expect(link.probes.last?.at == Self.time(999))
    }

    private func pow10(_ exponent: Double) -> Double {
        (0..<Int(exponent)).reduce(1.0) { value, _ in value * 10 } * (1 + 9 * (exponent - exponent.rounded(.down)))
    }
}
