import Contracts
import Core
import Foundation
import TestKit
import Testing
import YAMLKit

@testable import DataSync

@Suite struct PolicyDocumentTests {
    private func fault(_ rules: String) -> String {
        let text = """
            apiVersion: gedge/v1
            kind: SyncPolicy
            metadata:
              name: mine
            spec:
              rules:
            \(rules)
            """
        do {
            _ = try SyncPolicyDocument.read(text, source: "policy.yaml", firstLine: 1)
            return ""
        } catch {
            return (error as? any ModuleError)?.message ?? "\(error)"
        }
    }

    @Test func contradictionsNameBothLines() {
        let message = fault(
            """
                - artefacts: [model, update]
                  when: on-change
                - artefacts: [metrics]
                  when: on-change
                - artefacts: [update, gradient]
                  when: each-round
            """)
        #expect(message.hasPrefix("policy.yaml:11:"), "\(message)")
        #expect(message.contains("rule 3 (update, gradient) contradicts rule 1 at policy.yaml:7:"), "\(message)")
    }

    @Test func whatIsMoreSpecificOrTheSameContradictsNothing() {
        #expect(
            fault(
                """
                    - artefacts: [model]
                      when: on-change
                    - artefacts: [model]
                      directions: [edge-to-core]
                      when: never
                    - artefacts: [model, update]
                      when: on-change
                """) == "")
    }

    /// Whenever two rules of a policy that was accepted fit one transfer and neither is more specific, they say the same.
    @Test func acceptedPoliciesAreUnambiguous() throws {
        var chance = RandomPolicies(random: SeededGenerator())
        var accepted = 0
        for _ in 0..<3000 {
            var rules = try chance.rules()
            for index in rules.indices {
                rules[index].schedule = nil; rules[index].when = chance.one([.onChange, .never])
            }
            let spec = SyncPolicySpec(rules: rules)
            let contradictions = PolicyCheck.faults(of: spec) { "\($0)" }.filter { $0.contains("contradicts") }
            guard contradictions.isEmpty else { continue }
            accepted += 1
            for _ in 0..<20 {
                let question = try chance.question()
                guard let direction = SyncDirection(from: question.from, to: question.to) else { continue }
                let fitting = rules.filter { $0.fits(question, direction) }
                let highest = fitting.map(\.rank).max()
                #expect(Set(fitting.filter { $0.rank == highest }.map(\.effect)).count <= 1)
            }
        }
        #expect(accepted > 100)
    }

    @Test(arguments: [
        ("- artefacts: [modle]\n      when: never", "did you mean 'model'?"),
        ("- artefact: [model]\n      when: never", "did you mean 'artefacts'?"),
        ("- artefacts: []\n      when: never", "artefacts is empty"),
        ("- artefacts: [model, model]\n      when: never", "names something twice"),
        ("- when: schedule", "needs 'schedule:'"),
        ("- when: on-change\n      schedule: every 5m", "'schedule' goes with 'when: schedule'"),
        ("- when: schedule\n      schedule: '61 * * * *'", "'61' is no minute"),
        ("- when: schedule\n      schedule: every 5", "write 'every' and a time"),
        ("- when: schedule\n      schedule: '0 0 31 2 *'", "never comes"),
        ("- when: idle-link", "needs 'idleBelow:'"),
        ("- when: threshold\n      threshold: {}", "needs bytes or records"),
        ("- when: threshold\n      threshold:\n        records: 0", "at least 1"),
        ("- when: threshold\n      threshold:\n        bytes: 1MiB\n      consistency: strict", "makes a round wait"),
        ("- when: on-change\n      privacy: private", "say 'when: never'"),
        ("- when: on-change\n      retention: last 0", "a retention is"),
        ("- when: on-change\n      priority: high", "urgent, normal or bulk"),
    ])
    func faultsNameThePlaceAndTheRemedy(_ rule: String, _ expected: String) {
        let message = fault("    " + rule)
        #expect(message.contains(expected), "\(message)")
        #expect(message.contains("policy.yaml:"), "\(message)")
    }

    @Test func everyFaultIsToldAtOnce() {
        let message = fault("    - when: schedule\n    - when: idle-link\n      artefacts: [model]")
        #expect(message.contains("rule 1: 'when: schedule'") && message.contains("rule 2: 'when: idle-link'"))
    }

    @Test func specsSurviveYAMLAndJSON() throws {
        var chance = RandomPolicies(random: SeededGenerator())
        for _ in 0..<300 {
            let spec = SyncPolicySpec(
                description: chance.maybe("why: \"so\""), rules: try chance.rules() + [SyncRule(when: .never)])
            let yaml = try YAML.decode(SyncPolicySpec.self, from: YAML.encode(spec), source: "spec")
            #expect(yaml == spec)
            #expect(try JSONDecoder().decode(SyncPolicySpec.self, from: JSONEncoder().encode(spec)) == spec)
        }
    }
}
