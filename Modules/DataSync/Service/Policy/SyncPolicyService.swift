import Contracts
import Core
public import MessageBus
public import Telemetry

/// The core's side of the policies: keeps what users apply, durably, tells every edge, and answers for the kinds
/// `SyncPolicy` and `Dataset`.
public actor SyncPolicyService {
    typealias StoredPolicy = SyncPolicyStorage.Stored<SyncPolicyDocument>
    typealias StoredDataset = SyncPolicyStorage.Stored<DatasetDocument>

    /// The most bytes of JSON that all policies may have together: half of what an answer on the control lane may have.
    static let maximumBytes = 2 << 20

    let bus: Bus
    let gate: PolicyGate
    let logger: Logger
    let shipped: [NamedPolicy]
    private(set) var policies: [Name: StoredPolicy] = [:]
    private(set) var datasets: [DatasetName: StoredDataset] = [:]
    private var revision: PolicyRevision

    /// Loads what users applied and puts it in force.
    public init(bus: Bus, gate: PolicyGate, logger: Logger = .disabled) async throws {
        self.bus = bus
        self.gate = gate
        self.logger = logger.with(["service": "syncpolicy"])
        shipped = try ShippedPolicies.load()
        revision = try await gate.storage.revision()
        let policies: [StoredPolicy] = try await gate.storage.load(.syncPolicy)
        let datasets: [StoredDataset] = try await gate.storage.load(.dataset)
        self.policies = Dictionary(policies.map { ($0.document.metadata.name, $0) }) { $1 }
        self.datasets = Dictionary(datasets.map { ($0.document.dataset, $0) }) { $1 }
        gate.replace(set)
    }

    /// Registers the service's calls. Before `Bus.run`.
    public nonisolated func register() {
        gate.registerCalls(on: bus)
        bus.handle(SyncPolicyContract.policies) { [self] request in await policies(for: request.body) }
        bus.handle(SyncPolicyContract.exists) { [self] request in await exists(request.body.name) }
        bus.handle(SyncPolicyContract.obtain) { [self] request in
            try await obtain(request.body, trace: request.trace)
        }
        registerPolicyResource()
        registerDatasetResource()
    }

    /// Every policy in force: the shipped ones, but for those that users replaced, and the users' own.
    var inForce: [NamedPolicy] {
        shipped.filter { policies[$0.name] == nil }
            + policies.values.map { NamedPolicy(name: $0.document.metadata.name, spec: $0.document.spec) }
    }

    private var set: PolicySet {
        PolicySet(
            policies: inForce.sorted { $0.name < $1.name },
            datasets: datasets.values.compactMap { stored in
                stored.document.spec.sync.map { DatasetPolicy(dataset: stored.document.dataset, policy: $0) }
            }.sorted { $0.dataset < $1.dataset })
    }

    private func policies(for query: PolicyQuery) -> PolicyReply {
        PolicyReply(revision: revision, policies: query.known == revision ? nil : set)
    }

    private func exists(_ name: Name) -> PolicyExistence {
        let names = inForce.map(\.name).sorted()
        return PolicyExistence(exists: names.contains(name), known: names)
    }

    // MARK: Changes

    func apply(_ document: SyncPolicyDocument, isDryRun: Bool) async throws -> ApplyOutcome {
        let name = document.metadata.name
        let old = policies[name]
        if old?.document == document { return .unchanged }
        let outcome: ApplyOutcome = old == nil ? .created : .configured
        try checkSize(adding: document)
        if isDryRun { return outcome }
        let stored = StoredPolicy(
            uid: old?.uid ?? TraceID.random().description, created: old?.created ?? gate.clock.now(), document: document
        )
        let new = try await gate.storage.save(.syncPolicy, name.text, stored)
        policies[name] = stored
        await announce(new)
        logger.notice("policy applied", ["policy": name.text, "rules": "\(document.spec.rules.count)"])
        return outcome
    }

    func remove(policy name: Name) async throws {
        let new = try await gate.storage.delete(.syncPolicy, name.text)
        policies[name] = nil
        await announce(new)
        logger.notice("policy deleted", ["policy": name.text])
    }

    func apply(_ document: DatasetDocument, isDryRun: Bool) async throws -> ApplyOutcome {
        let name = document.dataset
        let old = datasets[name]
        if old?.document == document { return .unchanged }
        let outcome: ApplyOutcome = old == nil ? .created : .configured
        if isDryRun { return outcome }
        let stored = StoredDataset(
            uid: old?.uid ?? TraceID.random().description, created: old?.created ?? gate.clock.now(), document: document
        )
        let new = try await gate.storage.save(.dataset, name.description, stored)
        datasets[name] = stored
        await announce(new)
        return outcome
    }

    func remove(dataset name: DatasetName) async throws {
        guard datasets[name] != nil else { return }
        let new = try await gate.storage.delete(.dataset, name.description)
        datasets[name] = nil
        await announce(new)
    }

    /// Puts the change in force here and tells the edges; one that is away asks when it is back.
    private func announce(_ new: PolicyRevision) async {
        revision = new
        gate.replace(set)
        await bus.publish(SyncPolicyContract.changed, new)
    }

    private func checkSize(adding document: SyncPolicyDocument) throws {
        var all = inForce.filter { $0.name != document.metadata.name }
        all.append(NamedPolicy(name: document.metadata.name, spec: document.spec))
        let bytes = try all.reduce(0) { $0 + (try JSONValue(encoding: $1.spec)).approximateByteCount }
        guard bytes <= Self.maximumBytes else {
            throw DataSyncError(
                .tooLarge,
                "with policy '\(document.metadata.name)' all policies have \(ByteCount(bytes)); at most "
                    + "\(ByteCount(Self.maximumBytes)) reach the edges; delete some, or list fewer names in their rules"
            )
        }
    }
}
