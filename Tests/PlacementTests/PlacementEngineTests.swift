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
        let plan = PlacementEngine.plan(try .make(), sites: sites)
        let outcomes = Dictionary(uniqueKeysWithValues: plan.decisions.map { ($0.edge.text, $0.outcome) })
        #expect(
            outcomes == [
                "a-slow": .chosen, "b-fast": .chosen, "c-lost": .rejected, "d-empty": .rejected, "e-wide": .rejected,
                "f-small": .rejected, "g-back": .pending, "h-more": .rejected,
            ])
        func reason(_ edge: String) -> String { plan.decisions.first { $0.edge.text == edge }?.reason ?? "" }
        #expect(reason("c-lost").contains("lost"))
        #expect(reason("d-empty").contains("no data set 'digits'"))
        #expect(reason("e-wide").contains("32 features"))
        #expect(reason("f-small").contains("MB of memory free"))
        #expect(reason("h-more").contains("11 classes"))
        #expect(plan.decisions.allSatisfy { !$0.reason.isEmpty })
    }

    @Test func theBestEdgesAreChosenWhenTheJobLimitsThem() throws {
        let sites = try (1...5).map { try Site.make("edge-\($0)", threads: $0) }
        var request = try PlacementRequest.make()
        request.maximumEdges = 2
        #expect(PlacementEngine.plan(request, sites: sites).chosen.map(\.text) == ["edge-4", "edge-5"])
    }

    @Test func onlyAllowedEdgesTakePart() throws {
        let sites = try [Site.make("edge-1"), Site.make("edge-2")]
        var request = try PlacementRequest.make()
        request.allowedEdges = [try Name("edge-2")]
        #expect(PlacementEngine.plan(request, sites: sites).chosen.map(\.text) == ["edge-2"])
    }

    @Test func theTypeIsDeclaredOrFollowsFromWhereTheDataLies() throws {
        var request = try PlacementRequest.make()
        #expect(PlacementEngine.plan(request, sites: []).trainingType == .federated)
        request.declaredType = .transfer
        let plan = PlacementEngine.plan(request, sites: [])
        #expect(plan.trainingType == .transfer && plan.typeReason == "the job declares it")
    }

    /// Same sites in any order, same plan; nobody ineligible is ever chosen, and nobody eligible is left out unasked.
    @Test(arguments: [UInt64(1), 2, 3]) func plansAreDeterministicAndRespectEveryRule(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<2_000 {
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
            let plan = PlacementEngine.plan(request, sites: sites)
            #expect(plan == PlacementEngine.plan(request, sites: sites.shuffled(using: &generator)))
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

extension PlacementRequest {
    static func make() throws -> PlacementRequest {
        PlacementRequest(
            job: try Name("job"), declaredType: nil, dataset: try Name("digits"), memory: 64_000_000,
            modelBytes: 10_000,
            features: 64, classes: 10, allowedEdges: nil, minimumEdges: 1, maximumEdges: nil)
    }
}

extension Site {
    static func make(
        _ name: String, phase: SitePhase = .ready, threads: Int = 2, cpu: Double = 0.5, memory: Int64 = 1 << 30,
        dataset: String = "digits", features: Int = 64, classes: Int = 10
    ) throws -> Site {
        Site(
            name: try Name(name), phase: phase,
            report: SiteReport(
                hardware: Hardware(
                    hostname: name, architecture: "x86_64", processor: "test", threads: threads, memory: 1 << 34),
                datasets: [
                    DatasetSummary(name: try Name(dataset), samples: 100, features: features, classes: classes)
                ],
                load: LoadReport(cpu: cpu, availableMemory: memory, freeDisk: 1 << 33, resident: 1 << 24),
                version: "test"),
            joined: Timestamp(milliseconds: 0), lastSeen: Timestamp(milliseconds: 0))
    }
}
