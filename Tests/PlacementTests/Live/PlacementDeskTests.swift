import Contracts
import Core
import TestKit
import Testing

@testable import Placement

@Suite struct PlacementDeskTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func desk(_ reservations: [Reservation] = []) -> PlacementDesk {
        PlacementDesk(reservations, lease: .seconds(30), now: start)
    }

    private static func cpus(_ count: Int, priority: Int? = nil, exclusive: Bool? = nil) -> PlacementSpec {
        PlacementSpec(
            priority: priority,
            resources: ResourceSpec(cpus: CPUQuantity(milliCPUs: count * 1000), exclusive: exclusive))
    }

    @Test func whatOneJobHoldsAnotherWaitsFor() throws {
        var desk = desk()
        let context = try PlacementContext.make([.make("edge-1", threads: 2), .make("edge-2", threads: 2)])
        let (first, _) = try desk.reserve(.make("first", spec: Self.cpus(2)), context)
        #expect(first.chosen.map(\.text) == ["edge-1", "edge-2"] && first.wait == nil)
        let second = try PlacementRequest.make("second", spec: Self.cpus(1), submitted: 1)
        let refused = try desk.reserve(second, context).plan
        let reason = try #require(refused.wait?.reason)
        #expect(reason.contains("edge-1 lacks 1 of 1 CPUs, held by first"))
        #expect(refused.decisions.allSatisfy { $0.outcome == .full })
        // When the first is predicted to end.
        let until = try #require(refused.wait?.until)
        #expect(until > context.now)
        #expect(desk.waiting == 1)
        #expect(desk.release(["uid-first"]).released == ["uid-first"])
        #expect(try desk.reserve(second, context).plan.chosen.count == 2)
        #expect(desk.waiting == 0)
    }

    @Test func theSameJobKeepsWhatItHas() throws {
        var desk = desk()
        let context = try PlacementContext.make([.make("edge-1", threads: 2)])
        let request = try PlacementRequest.make(spec: Self.cpus(2))
        let before = try desk.reserve(request, context).plan
        #expect(try desk.reserve(request, context).plan.chosen == before.chosen)
        #expect(desk.book.all.count == 1)
    }

    @Test func aJobThatIsNotHeardOfLosesWhatItHolds() throws {
        var desk = desk()
        let context = try PlacementContext.make([.make("edge-1")])
        _ = try desk.reserve(.make(), context)
        desk.renew(["uid-job"], now: context.now.advanced(by: .seconds(20)))
        #expect(desk.expire(now: context.now.advanced(by: .seconds(40))).released.isEmpty)
        #expect(desk.expire(now: context.now.advanced(by: .seconds(50))).released == ["uid-job"])
        #expect(desk.book.all.isEmpty)
    }

    @Test func afterARestartReservationsStandUntilTheirJobsHadTheirChance() throws {
        var desk = desk()
        let context = try PlacementContext.make([.make("edge-1", threads: 2)])
        let held = try desk.reserve(.make("first", spec: Self.cpus(2)), context).change.held
        var again = PlacementDesk(held, lease: .seconds(30), now: context.now.advanced(by: .seconds(3600)))
        #expect(try again.reserve(.make("second", spec: Self.cpus(2), submitted: 1), context).plan.wait != nil)
        #expect(try again.reserve(.make("first", spec: Self.cpus(2)), context).plan.wait == nil)
    }

    @Test func higherPriorityMakesOthersGiveWayAtTheirNextPause() throws {
        var desk = desk()
        let context = try PlacementContext.make([.make("edge-1", threads: 4)])
        let low = try PlacementRequest.make("low", spec: Self.cpus(2, priority: 1))
        let lower = try PlacementRequest.make("lower", spec: Self.cpus(2))
        let high = try PlacementRequest.make("high", spec: Self.cpus(2, priority: 10), submitted: 9)
        #expect(try desk.reserve(low, context).plan.wait == nil)
        #expect(try desk.reserve(lower, context).plan.wait == nil)
        let waiting = try #require(try desk.reserve(high, context).plan.wait)
        #expect(waiting.reason.contains("lower will give way"))
        // Nothing is taken before the job asks again, and only as much as is needed.
        #expect(desk.book["uid-lower"] != nil && desk.book["uid-low"]?.eviction == nil)
        #expect(try desk.reserve(low, context).plan.wait == nil)
        #expect(try desk.reserve(high, context).plan.wait != nil)
        #expect(try desk.reserve(lower, context).plan.wait != nil)
        #expect(try desk.reserve(high, context).plan.wait == nil)
        #expect(desk.book.all.map(\.job.text) == ["high", "low"])
    }

    @Test func aJobThatCanRunNowhereAnyMoreHoldsNothing() throws {
        var desk = desk()
        let context = try PlacementContext.make([.make("edge-1", threads: 2)])
        var first = try PlacementRequest.make("first", spec: Self.cpus(2))
        #expect(try desk.reserve(first, context).plan.wait == nil)
        first.spec.select = ["zone": "none"]
        let lost = try desk.reserve(first, context)
        #expect(lost.plan.chosen.isEmpty && lost.change.released == ["uid-first"])
        #expect(try desk.reserve(.make("second", spec: Self.cpus(2), submitted: 1), context).plan.wait == nil)
        // An edge that is about to reconnect is waited for.
        let away = try PlacementContext.make([.make("edge-1", phase: .reconnecting, threads: 2)])
        _ = try desk.reserve(.make("second", spec: Self.cpus(2), submitted: 1), away)
        #expect(desk.book["uid-second"] != nil)
    }

    @Test func equalPriorityNeverGivesWay() throws {
        var desk = desk()
        let context = try PlacementContext.make([.make("edge-1", threads: 2)])
        _ = try desk.reserve(.make("first", spec: Self.cpus(2)), context)
        _ = try desk.reserve(.make("second", spec: Self.cpus(2), submitted: 1), context)
        #expect(desk.book["uid-first"]?.eviction == nil)
    }

    @Test func earlierJobsGoFirstAndLaterOnesMayUseWhatTheyCannot() throws {
        var desk = desk()
        let sites = [try Site.make("edge-1", threads: 4)]
        let context = try PlacementContext.make(sites)
        _ = try desk.reserve(.make("runs", spec: Self.cpus(2)), context)
        let large = try PlacementRequest.make("large", spec: Self.cpus(4), submitted: 1)
        let small = try PlacementRequest.make("small", spec: Self.cpus(1), submitted: 2)
        let other = try PlacementRequest.make("other", spec: Self.cpus(1), submitted: 3)
        #expect(try desk.reserve(large, context).plan.wait != nil)
        #expect(try desk.reserve(small, context).plan.wait == nil)
        // Once the large one has waited for long, nothing that it needs goes to those behind it.
        var later = context
        for _ in 0..<4 {
            later = try PlacementContext.make(sites, now: later.now.milliseconds + 20_000)
            desk.renew(["uid-runs", "uid-small"], now: later.now)
            #expect(try desk.reserve(large, later).plan.wait != nil)
        }
        #expect(try desk.reserve(other, later).plan.wait != nil)
        _ = desk.release(["uid-runs", "uid-small"])
        #expect(try desk.reserve(other, later).plan.wait != nil)
        #expect(try desk.reserve(large, later).plan.wait == nil)
    }

    @Test func groupsHaveQuotas() throws {
        var desk = desk()
        let group = try Name("group")
        let quota = GroupQuota(cpus: CPUQuantity(milliCPUs: 3000), jobs: 2)
        let context = try PlacementContext.make([.make("edge-1", threads: 8)], quotas: [group: quota])
        _ = try desk.reserve(.make("first", spec: Self.cpus(2)), context)
        let reason = try desk.reserve(.make("second", spec: Self.cpus(2), submitted: 1), context).plan.wait?.reason
        #expect(reason?.contains("the quota of group 'group' is used: 2 of 3 CPUs held, and the job asks 2") == true)
        #expect(try desk.reserve(.make("third", spec: Self.cpus(1), submitted: 2), context).plan.wait == nil)
        let full = try desk.reserve(.make("fourth", spec: Self.cpus(1), submitted: 3), context).plan.wait?.reason
        #expect(full?.contains("2 of 2 jobs held") == true)
        #expect(try desk.reserve(.make("else", group: "other", spec: Self.cpus(4)), context).plan.wait == nil)
    }

    @Test func whatTheQuotaNeverHoldsIsSaidSo() throws {
        let group = try Name("group")
        let quota = GroupQuota(cpus: CPUQuantity(milliCPUs: 5000), memory: ByteCount(4 << 30))
        let sites = try (1...4).map { try Site.make("edge-\($0)", threads: 8, memory: 1 << 34) }
        let context = try PlacementContext.make(sites, quotas: [group: quota])
        var desk = desk()
        let large = try desk.reserve(.make("large", minimum: 3, spec: Self.cpus(2)), context).plan
        #expect(large.wait?.isForever == true && desk.waiting == 0)
        #expect(
            large.wait?.reason.hasPrefix(
                "the job can never run: on 3 edges, its minimum, it asks 6 of 5 CPUs that group 'group' may hold in all;"
            )
                == true)
        let spec = PlacementSpec(resources: ResourceSpec(memory: ByteCount(.max)))
        let huge = try desk.reserve(.make("huge", minimum: 2, spec: spec), context).plan
        #expect(huge.wait?.isForever == true && huge.wait?.reason.contains("of 4.0 GiB memory that") == true)
        // On as many edges as the quota lets it, a job runs: alone, two of these four.
        let plan = try desk.reserve(.make("fits", spec: Self.cpus(2)), context).plan
        #expect(plan.wait == nil && plan.chosen.count == 2)
        #expect(plan.notes == ["the quota of group 'group' has it run on 2 edges of the 4 that could take it"])
        let none = try PlacementContext.make(sites, quotas: [group: GroupQuota(jobs: 0)])
        #expect(try desk.plan(.make("none"), none).wait?.reason.contains("it asks 1 of 0 jobs that") == true)
    }

    @Test func aQuotaThatIsUsedHoldsUpItsOwnGroupAlone() throws {
        var desk = desk()
        let quotas = [try Name("group"): GroupQuota(cpus: CPUQuantity(milliCPUs: 4000))]
        let context = try PlacementContext.make([.make("edge-1", threads: 8)], quotas: quotas)
        #expect(try desk.reserve(.make("runs", spec: Self.cpus(3)), context).plan.wait == nil)
        let large = try PlacementRequest.make("large", spec: Self.cpus(4), submitted: 1)
        _ = try desk.reserve(large, context)
        var later = context
        for _ in 1...4 {
            later.now = later.now.advanced(by: .seconds(20))
            desk.renew(["uid-runs"], now: later.now)
            #expect(try desk.reserve(large, later).plan.wait?.reason.contains("3 of 4 CPUs held") == true)
        }
        let small = try PlacementRequest.make("small", spec: Self.cpus(1), submitted: 2)
        let behind = try desk.reserve(small, later).plan.wait?.reason
        #expect(behind == "job 'large' is before it and waits for the quota of group 'group'")
        let other = try PlacementRequest.make("other", group: "other", spec: Self.cpus(4), submitted: 3)
        #expect(try desk.reserve(other, later).plan.wait == nil)
        _ = desk.release(["uid-runs", "uid-other"])
        #expect(try desk.reserve(large, later).plan.wait == nil)
    }

    @Test func tenThousandJobsAtOnceAreServedInOrder() throws {
        var desk = desk()
        let context = try PlacementContext.make([.make("edge-1", threads: 4), .make("edge-2", threads: 4)])
        let requests = try (0..<10_000).map { index in
            try PlacementRequest.make("job-\(index)", spec: Self.cpus(1), submitted: Int64(index))
        }
        var held: [String] = []
        for request in requests where try desk.reserve(request, context).plan.wait == nil {
            held.append(request.job.text)
        }
        #expect(held == ["job-0", "job-1", "job-2", "job-3"])
        #expect(desk.waiting == 9996)
        let last = try desk.reserve(requests[9999], context).plan.wait
        #expect(last?.reason == "9995 jobs are before it")
        // As each ends, the next in line gets its room.
        for index in 0..<50 {
            _ = desk.release(["uid-job-\(index)"])
            #expect(try desk.reserve(requests[index + 5], context).plan.wait != nil)
            #expect(try desk.reserve(requests[index + 4], context).plan.wait == nil)
        }
    }
}
