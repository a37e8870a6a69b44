import Contracts
import Core
import Testing

@testable import Placement

@Suite struct PlacementEngineTests {
    @Test func everyEdgeHasADecisionAndAReason() throws {
        let sites = try [
            Site.make("b-fast", threads: 8), Site.make("a-slow", threads: 2), Site.make("c-lost", phase: .lost),
            Site.make("d-empty", dataset: "other"), Site.make("e-wide", features: 32),
            Site.make("f-small", memory: 1), Site.make("g-back", phase: .reconnecting),
            Site.make("h-more", classes: 11),
        ]
        let plan = try PlacementEngine.plan(.make(), .make(sites))
        let outcomes = Dictionary(uniqueKeysWithValues: plan.decisions.map { ($0.edge.text, $0.outcome) })
        #expect(
            outcomes == [
                "a-slow": .chosen, "b-fast": .chosen, "c-lost": .rejected, "d-empty": .rejected, "e-wide": .rejected,
                "f-small": .full, "g-back": .pending, "h-more": .rejected,
            ])
        func reason(_ edge: String) -> String { plan.decisions.first { $0.edge.text == edge }?.reason ?? "" }
        #expect(reason("c-lost").contains("lost"))
        #expect(reason("d-empty").contains("no data set 'digits'"))
        #expect(reason("e-wide").contains("32 features"))
        #expect(reason("f-small").contains("1 B of memory free"))
        #expect(reason("h-more").contains("11 classes"))
        #expect(plan.decisions.allSatisfy { !$0.reason.isEmpty })
    }

    @Test func aJobThatActsNeedsNoDataAndIsReinforcement() throws {
        let sites = try [Site.make("a"), Site.make("b", dataset: "other", features: 3), Site.make("c", phase: .lost)]
        var request = try PlacementRequest.make()
        (request.dataset, request.samples, request.features, request.classes) = (nil, 2048, 4, 3)
        let plan = try PlacementEngine.plan(request, .make(sites))
        #expect(plan.trainingType == .reinforcement && plan.typeReason.contains("environment"))
        #expect(plan.chosen.map(\.text) == ["a", "b"])
        let chosen = try #require(plan.decisions.first { $0.outcome == .chosen })
        #expect(chosen.terms?.samples == 2048 && chosen.reason.contains("acts 2048 steps a round"), "\(chosen.reason)")
    }

    @Test func theBestEdgesAreChosenWhenTheJobLimitsThem() throws {
        let sites = try (1...5).map { try Site.make("edge-\($0)", threads: $0) }
        var request = try PlacementRequest.make()
        request.maximumEdges = 2
        #expect(try PlacementEngine.plan(request, .make(sites)).chosen.map(\.text) == ["edge-4", "edge-5"])
    }

    @Test func onlyAllowedEdgesTakePart() throws {
        let sites = try [Site.make("edge-1"), Site.make("edge-2")]
        var request = try PlacementRequest.make()
        request.allowedEdges = [try Name("edge-2")]
        #expect(try PlacementEngine.plan(request, .make(sites)).chosen.map(\.text) == ["edge-2"])
    }

    @Test func theTypeIsDeclaredOrFollowsFromWhereTheDataLies() throws {
        var request = try PlacementRequest.make()
        #expect(try PlacementEngine.plan(request, .make([])).trainingType == .federated)
        request.declaredType = .transfer
        let plan = try PlacementEngine.plan(request, .make([]))
        #expect(plan.trainingType == .transfer && plan.typeReason.hasPrefix("the job declares it"))
    }

    /// Same sites in any order, same plan; nobody ineligible is ever chosen, and nobody eligible is left out unasked.
    @Test(arguments: [UInt64(1), 2, 3]) func plansAreDeterministicAndRespectEveryRule(seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<2_000 {
            await Task.yield()  // Other tests share the threads.
            let sites = try (0..<Int.random(in: 0...12, using: &generator)).map { index in
                try Site.make(
                    "edge-\(index)",
                    phase: [.ready, .lost, .left, .revoked, .reconnecting].randomElement(using: &generator) ?? .ready,
                    threads: .random(in: 1...64, using: &generator), cpu: .random(in: 0...1, using: &generator),
                    memory: .random(in: 0...300_000_000, using: &generator),
                    dataset: Bool.random(using: &generator) ? "digits" : "other")
            }
            var request = try PlacementRequest.make()
            request.maximumEdges = Bool.random(using: &generator) ? Int.random(in: 1...6, using: &generator) : nil
            let plan = try PlacementEngine.plan(request, .make(sites))
            #expect(try plan == PlacementEngine.plan(request, .make(sites.shuffled(using: &generator))))
            #expect(plan.decisions.count == sites.count)
            let eligible = sites.filter { site in
                site.phase == .ready && site.report.datasets[0].name == request.dataset
                    && site.report.load.availableMemory >= request.memory
            }
            #expect(plan.chosen.count == min(eligible.count, request.maximumEdges ?? .max))
            #expect(Set(plan.chosen).isSubset(of: Set(eligible.map(\.name))))
        }
    }
}
