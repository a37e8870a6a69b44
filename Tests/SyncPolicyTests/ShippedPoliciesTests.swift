import Contracts
import Core
import Testing

@testable import DataSync

@Suite struct ShippedPoliciesTests {
    @Test func thereIsOneForEveryWorkload() throws {
        let names = try ShippedPolicies.load().map(\.name.text)
        #expect(Set(names) == Set(Workload.allCases.map(\.rawValue) + ["default"]))
        for (name, text) in ShippedPolicies.texts {
            #expect(try SyncPolicyDocument.read(text, source: name).metadata.name.text == name)
        }
    }

    /// What moves between an edge that has no rules of its own and the core, by training type, at a glance.
    /// `a` allowed, `d` held back until enough has gathered or the time has come, `r` refused.
    @Test func whatEachTrainingTypeMoves() throws {
        let policies = PolicyTable(try ShippedPolicies.load())
        let expected: [(workload: Workload?, up: String, down: String)] = [
            //           model update gradient trajectory features raw-data metrics
            (.federated, "aarrrra", "arrrrrr"),
            (.transfer, "aarrdra", "arrrrrr"),
            (.reinforcement, "aaadrra", "arrrrrr"),
            (.centralised, "rrrddra", "arrrrrr"),
            (.inference, "rrrrara", "arrrrrr"),
            (nil, "arrrara", "arraaar"),
        ]
        for (workload, up, down) in expected {
            var seen = (up: "", down: "")
            for artefact in Artefact.allCases {
                // Features that were anonymised, in a round, moved a minute ago.
                func word(_ from: PeerID, _ to: PeerID, _ local: LocalSyncRules?) -> String {
                    String(
                        policies.decide(
                            question(
                                artefact, from: from, to: to, workload: workload, round: 1, anonymised: true,
                                last: noon.advanced(by: .seconds(-60))), local: local
                        ).word.prefix(1))
                }
                seen.up += word(PeerID("edge-1"), .core, LocalSyncRules())
                seen.down += word(.core, PeerID("edge-1"), nil)
            }
            #expect(seen.up == up, "\(workload?.rawValue ?? "default") to the core")
            #expect(seen.down == down, "\(workload?.rawValue ?? "default") to an edge")
        }
    }

    @Test func rawDataComesToTheCoreOnceItsEdgeAgrees() throws {
        let policies = PolicyTable(try ShippedPolicies.load())
        let consent = LocalSyncRules(rules: [LocalSyncRule(artefacts: [.rawData], privacy: .public)])
        let asked = question(.rawData, workload: .centralised, bytes: 1 << 20)
        #expect(policies.decide(asked, local: LocalSyncRules()).isRefused)
        #expect(policies.decide(asked, local: consent).isAllowed)
        #expect(policies.decide(question(.rawData, workload: .federated), local: nil).isRefused)
    }
}
