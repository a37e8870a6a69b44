import Contracts
import Core
import Testing

@testable import Topology

@Suite struct NetTestPlanTests {
    private let edge: Name

    init() throws { edge = try Name("edge-1") }

    private func request(
        roundTrips: Int = 10, sizes: [Int] = [1_000_000, 1000], flows: Int = 1, lane: Lane = .bulk,
        limit: Int = 1 << 30
    ) -> NetTestRequest {
        NetTestRequest(
            edge: edge, roundTrips: roundTrips, sizes: sizes, flows: flows, lane: lane, byteLimit: limit)
    }

    @Test func percentilesAreTheNearestRank() {
        let latency = NetTestLatency(sent: 102, roundTrips: (1...100).map { Double($0) / 1000 })
        #expect(latency.lost == 2)
        #expect(latency.minimum == 0.001)
        #expect(latency.median == 0.050)
        #expect(latency.percentile90 == 0.090)
        #expect(latency.percentile99 == 0.099)
        #expect(latency.maximum == 0.100)
        #expect(abs((latency.jitter ?? 0) - 0.001) < 1e-12)
        #expect(NetTestLatency(sent: 3, roundTrips: []).median == nil)
        #expect(NetTestLatency(sent: 1, roundTrips: [0.5]).percentile99 == 0.5)
    }

    @Test func whatIsOutOfBoundsIsRefused() {
        let bad = [
            request(roundTrips: -1), request(roundTrips: 10_001), request(sizes: [0]), request(sizes: [(1 << 30) + 1]),
            request(sizes: Array(repeating: 1, count: 17)), request(flows: 0), request(flows: 17),
            request(lane: .control), request(limit: -1),
        ]
        for request in bad { #expect(throws: TopologyError.self) { try NetTestPlan(request) } }
    }

    @Test func sizesThatTheLimitOrTheLinkDoNotAllowAreLeftOut() throws {
        var plan = try NetTestPlan(request(flows: 2, limit: 5_000_000))
        #expect(plan.sizes == [1000, 1_000_000])
        #expect(plan.steps == 5)
        #expect(plan.goesOn(1000, after: []))
        plan.took(0.001, 1000)
        #expect(plan.goesOn(1_000_000, after: []))
        plan.took(0.5, 1_000_000)
        #expect(plan.obstacle(to: 1_000_000)?.contains("limit") == true)
        #expect(!plan.goesOn(1_000_000, after: [0.5]))
        plan.turn()
        var slow = try NetTestPlan(request())
        slow.took(1, 1000)
        let result = slow.result(1_000_000, from: .core, to: PeerID(edge), durations: [])
        #expect(result.skipped == "it would take about 1000 seconds")
        #expect(result.bytesPerSecond == nil)
        slow.turn()
        #expect(slow.obstacle(to: 1_000_000) == nil)
    }

    /// Whatever the sizes and the limit, the way back gets at least as much as the way out.
    @Test func bothDirectionsShareTheLimit() throws {
        for (limit, sizes) in [
            (1 << 30, [1 << 20, 100 << 20]), (10_000_000, [1_000_000]), (3_000_000, [1_000_000, 2_000_000]),
        ] {
            var plan = try NetTestPlan(request(sizes: sizes, limit: limit))
            func measure() -> Int {
                let before = plan.sent
                for size in plan.sizes {
                    var durations: [Double] = []
                    while plan.goesOn(size, after: durations) {
                        plan.took(0.001, size)
                        durations.append(0.001)
                    }
                }
                return plan.sent - before
            }
            let first = measure()
            plan.turn()
            let second = measure()
            #expect(first > 0 && second >= first && first + second <= limit, "\(first) and \(second) of \(limit)")
        }
    }

    @Test func aSizeIsMeasuredUntilItIsKnownWellEnough() throws {
        let plan = try NetTestPlan(request())
        #expect(plan.goesOn(1000, after: Array(repeating: 0.001, count: 19)))
        #expect(!plan.goesOn(1000, after: Array(repeating: 0.001, count: 20)))
        #expect(!plan.goesOn(1000, after: [1.1]))
        let result = plan.result(1000, from: .core, to: PeerID(edge), durations: [0.5, 0.1, 0.2])
        #expect(result.seconds == 0.2)
        #expect(result.bytesPerSecond == 5000)
        #expect(result.repetitions == 3)
    }
}
