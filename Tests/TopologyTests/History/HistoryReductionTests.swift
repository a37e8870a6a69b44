import Contracts
import Core
import Testing

@testable import Topology

@Suite struct HistoryReductionTests {
    private let site: Name

    init() throws { site = try Name("edge-1") }

    private func records(_ count: Int, every step: Int64) -> [HistoryRecord] {
        (0..<count).map { index in
            HistoryRecord(
                LoadReport(cpu: Double(index) / Double(count), availableMemory: 1, freeDisk: 1, resident: 1),
                at: Int64(index) * step)
        }
    }

    @Test(arguments: [
        (599, HistoryTier.reports), (601, .tenSeconds), (21_601, .fiveMinutes), (2_592_001, .hours),
        (90_000_000, .hours),
    ])
    func theFinestTierThatReachesBackAnswers(seconds: Int, tier: HistoryTier) {
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        #expect(HistoryReduction.tier(from: now.advanced(by: .seconds(-seconds)), now: now) == tier)
        #expect(HistoryReduction.tier(from: Timestamp(milliseconds: .min), now: now) == .hours)
    }

    @Test(arguments: [1, 7, 60, 599, 600, 10_000])
    func neighboursAreJoinedUntilThereAreFewEnough(most: Int) {
        let query = HistoryQuery(
            site: site, metric: .cpu, from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: 10_000_000),
            most: most)
        let reply = HistoryReduction.points(records(600, every: 10_000), tier: .tenSeconds, query)
        #expect(reply.points.count <= most)
        #expect(reply.points.reduce(0) { $0 + $1.count } == 600)
        #expect(
            reply.points.map(\.minimum).min() == 0 && reply.points.map(\.start) == reply.points.map(\.start).sorted())
        #expect(reply.resolution % 10_000 == 0)
        #expect(reply.points.allSatisfy { $0.minimum <= $0.mean && $0.mean <= $0.maximum })
    }

    @Test func onlyTheTimeAskedForIsAnswered() {
        let query = HistoryQuery(
            site: site, metric: .cpu, from: Timestamp(milliseconds: 55_000), to: Timestamp(milliseconds: 80_000))
        let reply = HistoryReduction.points(records(60, every: 10_000), tier: .tenSeconds, query)
        #expect(reply.points.map(\.start.milliseconds) == [50_000, 60_000, 70_000])
        let absent = HistoryQuery(
            site: site, metric: .gpuBusy, from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: 80_000))
        #expect(HistoryReduction.points(records(60, every: 10_000), tier: .tenSeconds, absent).points.isEmpty)
    }
}
