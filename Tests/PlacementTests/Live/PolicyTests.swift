import Contracts
import Core
import Testing

@testable import Placement

/// What chooses among edges that may take part, and when a job moves.
@Suite struct PolicyTests {
    private static func holding(_ edges: [String], _ context: PlacementContext) throws -> PlacementContext {
        var context = context
        let request = try PlacementRequest.make()
        context.book.hold(
            Reservation(
                jobUID: request.jobUID, job: request.job, group: request.group, priority: 0,
                edges: try edges.map { try Name($0) }, demand: request.demand, isExclusive: false, since: context.now,
                expires: context.now))
        return context
    }

    /// Edges whose rounds take about as long as these numbers of samples say.
    private static func context(_ samples: [Int], labels: [[String: String]]? = nil) throws -> PlacementContext {
        try .make(
            samples.enumerated().map { index, count in
                try Site.make("edge-\(index + 1)", cpu: 0, samples: count, labels: labels?[index] ?? [:])
            })
    }

    private static func chosen(_ request: PlacementRequest, _ context: PlacementContext) throws -> [String] {
        try PlacementEngine.plan(request, context).chosen.map(\.text)
    }

    @Test func aJobMovesOnlyWhenThatPays() throws {
        let request = try PlacementRequest.make(maximum: 1, rounds: 100)
        let slightly = try Self.context([1_000_000, 950_000])
        #expect(try Self.chosen(request, slightly) == ["edge-2"])
        #expect(try Self.chosen(request, Self.holding(["edge-1"], slightly)) == ["edge-1"])
        let much = try Self.context([1_000_000, 500_000])
        #expect(try Self.chosen(request, Self.holding(["edge-1"], much)) == ["edge-2"])
        // With one round left the fetching of the model is no longer won back.
        var last = request
        last.rounds = 1
        last.modelBytes = 10_000_000_000
        #expect(try Self.chosen(last, Self.holding(["edge-1"], much)) == ["edge-1"])
    }

    @Test func anEdgeThatIsGoneIsReplaced() throws {
        let request = try PlacementRequest.make(minimum: 2, maximum: 2)
        var context = try Self.context([100, 100, 100_000])
        context = try Self.holding(["edge-1", "edge-2"], context)
        #expect(try Self.chosen(request, context) == ["edge-1", "edge-2"])
        context.topology.sites[0].phase = .lost
        #expect(try Self.chosen(request, context) == ["edge-2", "edge-3"])
        context.topology.sites[0].phase = .ready
        context.topology.sites[0].cordon = Cordon(since: context.now, isDraining: false)
        #expect(try Self.chosen(request, context) == ["edge-1", "edge-2"])
        context.topology.sites[0].cordon = Cordon(since: context.now, isDraining: true)
        #expect(try Self.chosen(request, context) == ["edge-2", "edge-3"])
    }

    @Test func slowEdgesAreLeftOutForADeadline() throws {
        let context = try Self.context([1000, 1000, 10_000_000])
        var request = try PlacementRequest.make(rounds: 10, submitted: context.now.milliseconds)
        #expect(try Self.chosen(request, context).count == 3)
        request.spec.finishWithinSeconds = 60
        #expect(try Self.chosen(request, context) == ["edge-1", "edge-2"])
        // Nobody is left out for a deadline that is missed all the same.
        request.spec.finishWithinSeconds = 0.1
        #expect(try Self.chosen(request, context).count == 3)
        request.spec.finishWithinSeconds = 60
        request.minimumEdges = 3
        let late = try PlacementEngine.plan(request, context)
        #expect(late.chosen.count == 3)
        #expect(late.notes?.first?.contains("is predicted to end at") == true)
    }

    @Test func edgesAreSpreadOverTheValuesOfALabel() throws {
        let zones = ["x", "x", "x", "y"].map { ["zone": $0] }
        let context = try Self.context([100, 200, 300, 100_000], labels: zones)
        var request = try PlacementRequest.make()
        request.spec.spread = SpreadSpec(label: "zone", most: 1)
        #expect(try Self.chosen(request, context) == ["edge-1", "edge-4"])
        request.spec.spread = SpreadSpec(label: "zone", most: 2)
        request.maximumEdges = 2
        #expect(try Self.chosen(request, context) == ["edge-1", "edge-2"])
    }

    @Test func preferredLabelsOutweighASmallDifference() throws {
        let labels = [["power": "grid"], ["power": "solar"]]
        var request = try PlacementRequest.make(maximum: 1)
        request.spec.prefer = ["power": "solar"]
        #expect(try Self.chosen(request, Self.context([1_000_000, 1_050_000], labels: labels)) == ["edge-2"])
        #expect(try Self.chosen(request, Self.context([1_000_000, 2_000_000], labels: labels)) == ["edge-1"])
    }

    @Test func anEdgeThatWouldRatherNotIsUsedWhenTheOthersAreTooFew() throws {
        let taint = Taint(key: "office", effect: .preferNoSchedule)
        let context = try PlacementContext.make([.make("edge-1"), .make("edge-2", taints: [taint])])
        #expect(try Self.chosen(.make(), context) == ["edge-1"])
        #expect(try Self.chosen(.make(minimum: 2), context) == ["edge-1", "edge-2"])
        let tolerant = PlacementSpec(tolerations: [TolerationSpec(key: "office")])
        #expect(try Self.chosen(.make(spec: tolerant), context) == ["edge-1", "edge-2"])
    }

    /// Level one keeps the better half by idle resource times communication; level two takes the fastest of it.
    @Test func theSeedsFormulaHasTwoLevels() throws {
        func link(_ edge: String, _ rate: Double) -> [LinkState] {
            [
                LinkState(from: .core, to: PeerID(edge), roundTripSeconds: 0.01, bytesPerSecond: rate),
                LinkState(from: PeerID(edge), to: .core, roundTripSeconds: 0.01, bytesPerSecond: rate),
            ]
        }
        let sites = try [
            Site.make("a", threads: 8, cpu: 0, samples: 900_000), Site.make("b", threads: 4, cpu: 0, samples: 500_000),
            Site.make("c", threads: 1, cpu: 0, samples: 100), Site.make("d", threads: 1, cpu: 0, samples: 100),
        ]
        let links = link("a", 1e7) + link("b", 1e7) + link("c", 1e7) + link("d", 1e6)
        let context = try PlacementContext.make(sites, links: links)
        var request = try PlacementRequest.make(maximum: 1)
        #expect(try Self.chosen(request, context) == ["c"])
        request.spec.policy = .twoLevel
        let plan = try PlacementEngine.plan(request, context)
        #expect(plan.chosen.map(\.text) == ["b"])
        #expect(plan.decisions.map(\.score) == [8e7, 4e7, 1e7, 1e6])
    }

    @Test func aLinkThatCarriesNothingKeepsAnEdgeOut() throws {
        let site = try Site.make("edge-1")
        let dead = LinkState(from: .core, to: PeerID("edge-1"), bytesPerSecond: 0)
        let plan = try PlacementEngine.plan(.make(), .make([site], links: [dead]))
        #expect(plan.chosen.isEmpty && plan.prediction == nil)
        #expect(plan.decisions[0].reason == "its link to the core carries nothing")
    }

    @Test func whatFitsNowhereIsToldWithWhatIsShort() throws {
        var request = try PlacementRequest.make()
        request.spec.resources = ResourceSpec(cpus: CPUQuantity(milliCPUs: 400_000), gpus: 4)
        let plan = try PlacementEngine.plan(request, .make([.make("edge-1", threads: 2, gpus: 1)]))
        #expect(plan.wait == nil && plan.chosen.isEmpty)
        #expect(
            plan.decisions[0].reason
                == "too small: with nothing else on it, it lacks 398 of 400 CPUs and 3 of 4 GPUs")
    }
}
