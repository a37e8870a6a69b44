import Contracts
import Core
import TestKit
import Testing

@testable import DataSync

@Suite struct PolicyTableTests {
    /// No policy whatever, and nothing that is said of a transfer, lets out what an edge's own configuration keeps.
    @Test func nothingOverridesTheEdge() throws {
        var chance = RandomPolicies(random: SeededGenerator())
        var kept = 0
        for _ in 0..<20_000 {
            let local = try chance.local()
            let question = try chance.question(from: RandomPolicies.edges)
            guard question.from != question.to else { continue }
            let verdict = local.verdict(on: question.tags.artefact, dataset: question.tags.dataset)
            let decision = try table(try chance.rules()).decide(question, local: local)
            if verdict?.privacy == .private {
                kept += 1
                #expect(decision.isRefused, "\(question) \(local)")
            }
            if verdict?.privacy == .anonymisedOnly, question.tags.isAnonymised != true {
                #expect(!decision.isAllowed, "\(question) \(local)")
            }
        }
        #expect(kept > 1000)
    }

    /// An edge that says nothing keeps its raw data, and only that.
    @Test func rawDataStaysByItself() throws {
        var chance = RandomPolicies(random: SeededGenerator())
        for _ in 0..<5000 {
            var question = try chance.question(from: RandomPolicies.edges)
            question.tags.artefact = .rawData
            guard question.from != question.to else { continue }
            #expect(try table(try chance.rules()).decide(question, local: LocalSyncRules()).isRefused)
        }
        let open = try table(SyncRule(when: .onChange))
        for artefact in Artefact.allCases where artefact != .rawData {
            let asked = question(artefact, policy: try Name("custom"))
            #expect(open.decide(asked, local: LocalSyncRules()).isAllowed)
        }
    }

    /// The edge may let go of what the policies call private; the core's own rules still keep the core from asking.
    @Test func theEdgeHasTheLastWordOnItsOwn() throws {
        let dataset = try DatasetName("a/b/c")
        let policies = try table(SyncRule(artefacts: [.rawData], when: .onChange, privacy: .private))
        let local = LocalSyncRules(rules: [LocalSyncRule(artefacts: [.rawData], datasets: [dataset], privacy: .public)])
        let asked = question(.rawData, policy: try Name("custom"), dataset: dataset)
        #expect(policies.decide(asked, local: local).isAllowed)
        #expect(policies.decide(asked).isRefused)
        let other = question(.rawData, policy: try Name("custom"), dataset: try DatasetName("a/b/d"))
        #expect(policies.decide(other, local: local).isRefused)
    }

    @Test func decisionsAreTotalDeterministicAndInTheFuture() throws {
        var chance = RandomPolicies(random: SeededGenerator())
        for _ in 0..<10_000 {
            let policies = try table(try chance.rules())
            let (question, local) = (try chance.question(), try chance.maybe(chance.local()))
            let decision = policies.decide(question, local: local)
            #expect(decision == policies.decide(question, local: local))
            #expect(!decision.reason.isEmpty && !decision.rule.description.isEmpty)
            if let until = decision.until { #expect(until > question.now, "\(question)") }
        }
    }

    /// The rule that decides is the first of the most specific ones that fit, whatever order they are written in.
    @Test func theMostSpecificRuleDecides() throws {
        var chance = RandomPolicies(random: SeededGenerator())
        for _ in 0..<5000 {
            let rules = try chance.rules()
            var question = try chance.question()
            question.tags.policy = try Name("custom")
            guard let direction = SyncDirection(from: question.from, to: question.to) else { continue }
            // Straight from the words of the documentation.
            func weight(_ rule: SyncRule) -> [Bool] {
                [rule.edges != nil, rule.datasets != nil, rule.artefacts != nil, rule.directions != nil]
            }
            var expected: Int?
            for (index, rule) in rules.enumerated() where rule.fits(question, direction) {
                let isBetter =
                    expected.map { best in
                        zip(weight(rules[best]), weight(rule)).first { $0 != $1 }.map { $1 } ?? false
                    } ?? true
                if isBetter { expected = index }
            }
            let decision = try table(rules).decide(question)
            #expect(
                decision.rule.description
                    == (expected.map { "policy/custom rule \($0 + 1)" } ?? "policy/custom no rule"))
        }
    }

    @Test func whatNothingNamesIsHeldBackOrRefused() throws {
        let policies = try table(SyncRule(artefacts: [.model], when: .onChange))
        #expect(policies.decide(question(.update, policy: try Name("custom"))).isRefused)
        let missing = policies.decide(question(.model, policy: try Name("missing")))
        #expect(missing.until == noon.advanced(by: .seconds(10)))
        #expect(policies.decide(question(.model, from: .core, to: .core, policy: try Name("missing"))).isAllowed)
    }

    @Test func aScheduleCountsFromTheLastTime() throws {
        let policies = try table(SyncRule(when: .schedule, schedule: .every(.seconds(900))))
        let custom = try Name("custom")
        #expect(policies.decide(question(.features, policy: custom)).isAllowed)
        let early = question(.features, policy: custom, last: noon, now: noon.advanced(by: .seconds(899)))
        #expect(policies.decide(early).until == noon.advanced(by: .seconds(900)))
        #expect(
            policies.decide(question(.features, policy: custom, last: noon, now: noon.advanced(by: .seconds(900))))
                .isAllowed)
        // The clock was set back by a year: a quarter of an hour from now, not in a year.
        let future = question(.features, policy: custom, last: noon.advanced(by: .seconds(31_536_000)))
        #expect(policies.decide(future).until == noon.advanced(by: .seconds(900)))
    }

    @Test func linksAndAmountsDecide() throws {
        let custom = try Name("custom")
        let idle = try table(SyncRule(when: .idleLink, idleBelow: ByteCount(1000)))
        #expect(idle.decide(question(.features, policy: custom, link: 999)).isAllowed)
        #expect(idle.decide(question(.features, policy: custom, link: 1000)).word == "defer")
        let amount = try table(
            SyncRule(when: .threshold, threshold: SyncThreshold(bytes: ByteCount(4096), records: 100)))
        #expect(amount.decide(question(.features, policy: custom, records: 99, bytes: 4095)).word == "defer")
        #expect(amount.decide(question(.features, policy: custom, records: 99, bytes: 4096)).isAllowed)
        #expect(amount.decide(question(.features, policy: custom, records: 100)).isAllowed)
    }

    @Test func termsComeFromTheRule() throws {
        let policies = try table(
            SyncRule(
                when: .eachRound, priority: .urgent, codec: .zstd, retention: .last(4), consistency: .strict))
        let decision = policies.decide(question(.update, policy: try Name("custom"), round: 3))
        #expect(
            decision.terms
                == TransferTerms(
                    priority: .urgent, codec: .zstd, consistency: .strict, retention: .last(4),
                    rule: RuleName("policy/custom rule 1")))
        #expect(policies.decide(question(.update, policy: try Name("custom"))).isRefused)
        #expect(decision.steps.contains { $0.contains("rule 1 (anything, each round): fits") })
    }
}
