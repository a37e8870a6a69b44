import Contracts
import Testing

@testable import MessageBus

@Suite struct CrowdMeterTests {
    private let start = ContinuousClock.now

    /// Each of `peers` sends `messages` in each of three windows.
    private func meter(peers: Int, messages: Int = 1, lane: Lane = .control) -> CrowdMeter {
        var meter = CrowdMeter()
        var seen = [UInt64](repeating: 0, count: peers)
        for window in 0..<3 {
            for peer in 0..<(peers * messages) {
                let time = start + .milliseconds(100 * window) + .microseconds(peer)
                meter.count(lane, seen: &seen[peer % peers], at: time)
            }
        }
        return meter
    }

    private func pause(_ meter: CrowdMeter, after milliseconds: Int) -> Duration? {
        var meter = meter
        return meter.pause(at: start + .milliseconds(milliseconds))
    }

    @Test func manyPeersAreACrowdAndOneThatTalksALotIsNone() {
        #expect(pause(meter(peers: 200), after: 250) == CrowdMeter.pause)
        #expect(pause(meter(peers: 1, messages: 1000), after: 250) == nil)
        #expect(pause(meter(peers: 20, messages: 50), after: 250) == nil)
    }

    @Test func whereDataMovesNothingWaits() {
        var seen: UInt64 = 0
        var mixed = meter(peers: 200)
        mixed.count(.bulk, seen: &seen, at: start + .milliseconds(260))
        #expect(pause(mixed, after: 270) == nil)
        #expect(pause(mixed, after: 310) == nil)
        #expect(pause(meter(peers: 200, lane: .bulk), after: 250) == nil)
    }

    @Test func aCrowdThatFallsSilentIsOver() {
        let meter = meter(peers: 200)
        #expect(pause(meter, after: 320) == CrowdMeter.pause)
        #expect(pause(meter, after: 450) == nil)
    }
}
