import Contracts
import Core
import MessageBus
import TestKit
import Testing

@testable import DataSync

@Suite(.timeLimit(.minutes(2))) struct PolicyServiceTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("syncpolicy") }

    private static func policy(_ name: String, _ rule: String = "when: on-change") -> String {
        "apiVersion: gedge/v1\nkind: SyncPolicy\nmetadata:\n  name: \(name)\nspec:\n  rules:\n    - \(rule)\n"
    }

    @Test func appliedPoliciesAreListedKeptAndGone() async throws {
        let core = try await PolicyCore.open(directory.file("core"))
        try await running(core) { () async throws -> Void in
            #expect(try await core.get(.syncPolicy).rows.map { $0[1] } == Array(repeating: "Shipped", count: 6))
            #expect(try await core.apply(.syncPolicy, Self.policy("mine"), isDryRun: true).outcome == .created)
            #expect(try await core.get(.syncPolicy).items.count == 6)
            #expect(try await core.apply(.syncPolicy, Self.policy("mine")).outcome == .created)
            #expect(try await core.apply(.syncPolicy, Self.policy("mine")).outcome == .unchanged)
            #expect(try await core.apply(.syncPolicy, Self.policy("mine", "when: never")).outcome == .configured)
            #expect(try await core.apply(.syncPolicy, Self.policy("federated", "when: never")).outcome == .created)
        }
        let again = try await PolicyCore.open(directory.file("core"))
        try await running(again) { () async throws -> Void in
            let list = try await again.get(.syncPolicy)
            #expect(list.items.map(\.metadata.name) == list.items.map(\.metadata.name).sorted())
            let origins = Dictionary(list.rows.map { ($0[0], $0[1]) }) { $1 }
            #expect(origins["mine"] == "Applied" && origins["federated"] == "ReplacesShipped")
            #expect(try await again.gate.mayServe(ask(.model, PeerID("edge-1"))).word == "refuse")
            #expect(try await again.describe(.syncPolicy, "mine").contains("1. anything: never"))

            try await again.delete(.syncPolicy, "federated")
            #expect(try await again.gate.mayServe(ask(.model, PeerID("edge-1"))).word == "allow")
            await #expect { try await again.delete(.syncPolicy, "federated") } throws: {
                ($0 as? any ModuleError)?.code == "conflict"
            }
            await #expect { try await again.describe(.syncPolicy, "mien") } throws: {
                let error = $0 as? any ModuleError
                return error?.code == "not-found" && error?.message.contains("did you mean 'mine'?") == true
            }
        }
    }

    /// What is printed can be applied again, and is then the same.
    @Test func whatIsShownCanBeApplied() async throws {
        let core = try await PolicyCore.open(directory.file("core"))
        try await running(core) { () async throws -> Void in
            for name in ["federated", "centralised"] {
                var record = try #require(try await core.get(.syncPolicy, name).items.first)
                let text = try ResourceText.json(record)
                #expect(try await core.apply(.syncPolicy, text).outcome == .created)
                record = try #require(try await core.get(.syncPolicy, name).items.first)
                #expect(try await core.apply(.syncPolicy, try ResourceText.json(record)).outcome == .unchanged)
                let policy = try Name(name)
                let shipped = try ShippedPolicies.load().first { $0.name == policy }
                #expect(core.gate.table[policy] == shipped?.spec)
            }
        }
    }

    @Test func aPolicyInUseStays() async throws {
        let core = try await PolicyCore.open(directory.file("core"))
        core.bus.handle(ResourceContract.get(.trainingJob)) { (_: Inbound<ResourceQuery>) -> ResourceList in
            let job = ResourceRecord(
                kind: .trainingJob, metadata: ResourceMetadata(name: "digits"),
                spec: .object(["sync": .string("busy")]),
                status: .object(["phase": .string("Running")]))
            return ResourceList(columns: [], rows: [[]], items: [job])
        }
        try await running(core) { () async throws -> Void in
            for name in ["busy", "named", "free"] { _ = try await core.apply(.syncPolicy, Self.policy(name)) }
            _ = try await core.apply(.dataset, Self.dataset("named"))
            await #expect { try await core.delete(.syncPolicy, "busy") } throws: {
                ($0 as? any ModuleError)?.message.contains("job/digits") == true
            }
            await #expect { try await core.delete(.syncPolicy, "named") } throws: {
                ($0 as? any ModuleError)?.message.contains("dataset/demo/line/one") == true
            }
            try await core.delete(.syncPolicy, "free")
        }
    }

    private static func dataset(_ policy: String) -> String {
        "apiVersion: gedge/v1\nkind: Dataset\nmetadata:\n  group: demo\n  project: line\n  name: one\nspec:\n  sync: \(policy)\n"
    }

    @Test func aDataSetNamesItsPolicy() async throws {
        let core = try await PolicyCore.open(directory.file("core"))
        core.bus.handle(DataSyncContract.catalogue) { (_: Inbound<CatalogueQuery>) -> CatalogueReply in
            let stored = try DatasetName("demo/line/two")
            let digest = try #require(Digest(hex: String(repeating: "0", count: 64)))
            let version = DatasetVersion(
                reference: DatasetReference(stored, version: 3), manifest: digest, created: noon, entries: 5,
                rawBytes: 1 << 20, isComplete: true, isPinned: false, artefact: .features)
            return CatalogueReply(
                datasets: [CatalogueEntry(dataset: stored, versions: 3, newest: version, rawBytes: 3 << 20)])
        }
        try await running(core) { () async throws -> Void in
            await #expect { try await core.apply(.dataset, Self.dataset("inferense")) } throws: {
                ($0 as? any ModuleError)?.message.contains("did you mean 'inference'?") == true
            }
            #expect(try await core.apply(.dataset, Self.dataset("inference")).name == "demo/line/one")
            let list = try await core.get(.dataset)
            #expect(
                list.rows.map { [$0[0], $0[1], $0[6]] } == [
                    ["demo/line/one", "Empty", "inference"], ["demo/line/two", "Ready", "default"],
                ])
            let record = try #require(try await core.get(.dataset, "demo/line/one").items.first)
            #expect(try await core.apply(.dataset, try ResourceText.json(record)).outcome == .unchanged)

            let one = try DatasetName("demo/line/one")
            let tags = TransferTags(artefact: .rawData, dataset: one)
            let decision = await core.gate.decide(tags, from: .core, to: PeerID("edge-1"), bytes: nil, manifest: nil)
            #expect(decision.rule.description.hasPrefix("policy/inference"))
            try await core.delete(.dataset, "demo/line/one")
            #expect(core.gate.table.policyName(for: tags) == "default")
        }
    }

    @Test func fieldsAreDocumented() async throws {
        let core = try await PolicyCore.open(directory.file("core"))
        try await running(core) { () async throws -> Void in
            let text = try await core.bus.call(
                ResourceContract.explain(.syncPolicy), ExplainRequest(path: ["spec", "rules", "when"])
            ).body.text
            #expect(text.contains("each-round, on-change, schedule, idle-link, threshold, never"))
            await #expect(throws: (any Error).self) {
                try await core.bus.call(ResourceContract.explain(.dataset), ExplainRequest(path: ["spec", "synk"]))
            }
        }
        // Every field that a document may have is documented, and the other way round.
        let every = SyncPolicySpec(
            description: "",
            rules: [
                SyncRule(
                    artefacts: [], directions: [], edges: [], datasets: [], when: .never, schedule: .every(.seconds(1)),
                    idleBelow: ByteCount(1), threshold: SyncThreshold(bytes: ByteCount(1), records: 1), priority: .bulk,
                    codec: .lz4, retention: .forever, consistency: .strict, privacy: .public)
            ])
        let written = try fields(every)
        #expect(written == documented(.syncPolicy))
        let dataset = DatasetSpec(description: "", artefact: .model, sync: try Name("a"), retention: .forever)
        let writtenDataset = try fields(dataset)
        #expect(writtenDataset == documented(.dataset))
    }

    private func fields(_ spec: some Encodable) throws -> Set<String> {
        func paths(_ value: JSONValue, _ prefix: String) -> [String] {
            switch value {
            case .object(let members): members.flatMap { paths($1, prefix + "." + $0) }
            case .array(let items) where !items.isEmpty: [prefix] + items.flatMap { paths($0, prefix) }
            default: [prefix]
            }
        }
        return Set(paths(try JSONValue(encoding: spec), "spec"))
    }

    private func documented(_ kind: ResourceKind) -> Set<String> {
        let documentation = kind == .dataset ? FieldDocumentation.dataset : FieldDocumentation.syncPolicy
        return Set(documentation.fields.map(\.path).filter { $0.hasPrefix("spec") })
    }
}
