import Contracts
import Core
import TestKit
import Testing

@testable import Placement

/// Random clusters and jobs that come, go on, move and end, with every rule checked from the sites and requests alone.
@Suite struct PlacementPropertyTests {
    private struct World {
        var random: SplitMix64
        var sites: [Site] = []
        var requests: [String: PlacementRequest] = [:]
        var now = Timestamp(milliseconds: 1_000_000)
        var quotas: [Name: GroupQuota] = [:]

        init(seed: UInt64) throws {
            random = SplitMix64(seed: seed)
            for index in 0..<Int.random(in: 1...5, using: &random) { sites.append(try site(index)) }
            if Bool.random(using: &random) {
                quotas[try Name("a")] = GroupQuota(cpus: CPUQuantity(milliCPUs: 4000), gpus: 2, jobs: 3)
            }
        }

        mutating func site(_ index: Int) throws -> Site {
            let zone = ["x", "y"][Int.random(in: 0...1, using: &random)]
            let isTainted = Int.random(in: 0..<5, using: &random) == 0
            return try Site.make(
                "edge-\(index)", phase: Int.random(in: 0..<6, using: &random) == 0 ? .lost : .ready,
                threads: Int.random(in: 1...4, using: &random), cpu: Double.random(in: 0...1, using: &random),
                dataset: Int.random(in: 0..<8, using: &random) == 0 ? "other" : "digits",
                samples: Int.random(in: 1...5000, using: &random), labels: ["zone": zone],
                taints: isTainted ? [Taint(key: "slow")] : nil, gpus: Int.random(in: 0...2, using: &random),
                cordon: Int.random(in: 0..<8, using: &random) == 0
                    ? Cordon(since: now, isDraining: Bool.random(using: &random)) : nil)
        }

        mutating func request(_ number: Int) throws -> PlacementRequest {
            func chance(_ one: Int, _ random: inout SplitMix64) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
            let isExclusive = chance(4, &random)
            let cpus =
                isExclusive ? 1000 * Int.random(in: 1...3, using: &random) : Int.random(in: 1...3000, using: &random)
            let minimum = Int.random(in: 1...3, using: &random)
            return try PlacementRequest.make(
                "job-\(number)", group: ["a", "b"][Int.random(in: 0...1, using: &random)], minimum: minimum,
                maximum: chance(2, &random) ? minimum + Int.random(in: 0...2, using: &random) : nil,
                spec: PlacementSpec(
                    policy: chance(3, &random) ? .twoLevel : nil, priority: chance(3, &random) ? 5 : nil,
                    resources: ResourceSpec(
                        cpus: CPUQuantity(milliCPUs: cpus), gpus: chance(4, &random) ? 1 : nil, exclusive: isExclusive),
                    select: chance(5, &random) ? ["zone": "x"] : nil, prefer: chance(5, &random) ? ["zone": "y"] : nil,
                    apartFrom: chance(6, &random) ? [try Name("job-\(max(0, number - 1))")] : nil,
                    spread: chance(5, &random) ? SpreadSpec(label: "zone", most: 1) : nil,
                    tolerations: chance(3, &random) ? [TolerationSpec(key: "slow")] : nil,
                    finishWithinSeconds: chance(6, &random) ? 1 : nil),
                submitted: now.milliseconds)
        }

        var context: PlacementContext {
            get throws { try .make(sites, now: now.milliseconds, quotas: quotas) }
        }

        /// Whether the rules that look at an edge alone let the job run there.
        func allows(_ site: Site, _ request: PlacementRequest, holds: Bool, others: [Reservation]) -> Bool {
            guard site.phase == .ready, site.report.datasets[0].name == request.dataset else { return false }
            if let cordon = site.cordon, cordon.isDraining || !holds { return false }
            if let zone = request.spec.select?["zone"], site.report.labels["zone"] != zone { return false }
            if site.report.taints != nil, request.spec.tolerations == nil { return false }
            let apart = Set(request.spec.apartFrom ?? [])
            return !others.contains { apart.contains($0.job) && $0.edges.contains(site.name) }
        }

        func fits(_ site: Site, _ request: PlacementRequest) -> Bool {
            let allocatable = site.report.allocatable ?? Allocatable(milliCPUs: 0, memory: 0, gpus: 0, domains: [])
            return allocatable.milliCPUs >= request.demand.milliCPUs && allocatable.gpus >= request.demand.gpus
        }
    }

    /// 100,000 steps in all.
    @Test(arguments: 0..<20) func noRuleIsEverBroken(part: Int) async throws {
        let seeds = SeededGenerator()
        for number in 0..<50 {
            let seed = seeds.seed &+ UInt64(part * 1000 + number)
            var world = try World(seed: seed)
            var desk = PlacementDesk(lease: .seconds(30), now: world.now)
            for step in 0..<100 { try self.step(step, &world, &desk, seed) }
            await Task.yield()  // Other tests share the threads.
        }
    }

    private func step(_ step: Int, _ world: inout World, _ desk: inout PlacementDesk, _ seed: UInt64) throws {
        world.now = world.now.advanced(by: .milliseconds(Int.random(in: 0...2000, using: &world.random)))
        switch Int.random(in: 0..<10, using: &world.random) {
        case 0:
            let index = Int.random(in: 0..<world.sites.count, using: &world.random)
            let old = world.sites[index]
            // A machine changes in all but its size, which is what was promised to those that hold some of it.
            var new = try world.site(index)
            new.report.allocatable = old.report.allocatable
            world.sites[index] = new
        case 1:
            guard let uid = world.requests.keys.sorted().randomElement(using: &world.random) else { return }
            world.requests[uid] = nil
            _ = desk.release([uid])
        case 2: desk.renew(world.requests.keys.sorted(), now: world.now)
        default:
            let isNew = world.requests.isEmpty || Bool.random(using: &world.random)
            let request =
                try isNew
                ? world.request(step)
                : world.requests.sorted { $0.key < $1.key }.randomElement(using: &world.random)?.value
                    ?? world.request(step)
            world.requests[request.jobUID] = request
            let before = desk
            let held = Set(before.book[request.jobUID]?.edges ?? [])
            let plan = try desk.reserve(request, world.context).plan
            if step.isMultiple(of: 8) {
                var twin = before
                #expect(try twin.reserve(request, world.context).plan == plan, "seed \(seed): not deterministic")
            }
            try check(request, plan, held, world, desk, seed)
        }
        checkCapacity(world, desk, seed)
    }

    private func check(
        _ request: PlacementRequest, _ plan: PlacementPlan, _ held: Set<Name>, _ world: World, _ desk: PlacementDesk,
        _ seed: UInt64
    ) throws {
        guard let reservation = desk.book[request.jobUID] else {
            #expect(!PlacementDesk.isComplete(plan, request), "seed \(seed): a complete plan is not held")
            return
        }
        guard PlacementDesk.isComplete(plan, request) else { return }
        #expect(reservation.edges == plan.chosen)
        #expect(plan.chosen.count >= request.minimumEdges && plan.chosen.count <= request.maximumEdges ?? .max)
        let others = desk.book.all.filter { $0.jobUID != request.jobUID }
        for edge in plan.chosen {
            let site = try #require(world.sites.first { $0.name == edge })
            #expect(
                world.allows(site, request, holds: held.contains(edge), others: others),
                "seed \(seed): \(request.job) runs on \(edge)")
        }
        if let spread = request.spec.spread {
            let zones = plan.chosen.compactMap { edge in world.sites.first { $0.name == edge }?.report.labels["zone"] }
            #expect(zones.allSatisfy { zone in zones.count { $0 == zone } <= spread.most })
        }
        if let quota = world.quotas[request.group] {
            let group = desk.book.all.filter { $0.group == request.group }
            #expect(group.count <= quota.jobs ?? .max)
            #expect(group.reduce(0) { $0 + $1.demand.milliCPUs * $1.edges.count } <= quota.cpus?.milliCPUs ?? .max)
            #expect(group.reduce(0) { $0 + $1.demand.gpus * $1.edges.count } <= quota.gpus ?? .max)
        }
    }

    private func checkCapacity(_ world: World, _ desk: PlacementDesk, _ seed: UInt64) {
        let all = desk.book.reservations.values
        for site in world.sites {
            let holders = all.filter { $0.edges.contains(site.name) }
            let cpus = holders.reduce(0) { $0 + $1.demand.milliCPUs }
            let gpus = holders.reduce(0) { $0 + $1.demand.gpus }
            #expect(
                cpus <= site.report.allocatable?.milliCPUs ?? 0 && gpus <= site.report.allocatable?.gpus ?? 0,
                "seed \(seed): \(site.name) is given away twice")
        }
    }

    /// Alone on the cluster a job is placed whenever enough edges may take it and are large enough.
    @Test func aJobAloneThatFitsIsNeverRefused() throws {
        let seeds = SeededGenerator()
        var (placed, refused) = (0, 0)
        for number in 0..<5000 {
            let seed = seeds.seed &+ UInt64(number)
            var world = try World(seed: seed)
            world.quotas = [:]
            let request = try world.request(1)
            let fitting = world.sites.filter {
                world.allows($0, request, holds: false, others: []) && world.fits($0, request)
            }
            let zones = Set(fitting.map { $0.report.labels["zone"] })
            let possible = request.spec.spread == nil ? fitting.count : zones.count
            var desk = PlacementDesk(lease: .seconds(30), now: world.now)
            let plan = try desk.reserve(request, world.context).plan
            let isPlaced = PlacementDesk.isComplete(plan, request)
            #expect(isPlaced == (possible >= request.minimumEdges), "seed \(seed)")
            placed += isPlaced ? 1 : 0
            refused += isPlaced ? 0 : 1
        }
        #expect(placed > 500 && refused > 500)
    }

    /// With a maximum, the chosen edges' slowest is as fast as that of any other choice.
    @Test func theFastestPolicyIsOptimal() throws {
        let seeds = SeededGenerator()
        for number in 0..<1000 {
            var random = SplitMix64(seed: seeds.seed &+ UInt64(number))
            let sites = try (0..<Int.random(in: 2...7, using: &random)).map {
                try Site.make(
                    "edge-\($0)", cpu: Double.random(in: 0...1, using: &random),
                    samples: Int.random(in: 1...100_000, using: &random))
            }
            let count = Int.random(in: 1..<sites.count, using: &random)
            let plan = try PlacementEngine.plan(.make(minimum: count, maximum: count), .make(sites))
            let times = plan.decisions.compactMap { $0.terms?.roundSeconds }.sorted()
            let slowest = plan.decisions.filter { $0.outcome == .chosen }.compactMap { $0.terms?.roundSeconds }.max()
            #expect(slowest == times[count - 1])
        }
    }
}
