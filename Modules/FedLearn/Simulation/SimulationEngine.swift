import Contracts
import Core
import Datasets
import NeuralNet
import Synchronization
import Tensor

/// One run of a simulation.
final class SimulationEngine: Sendable {
    private struct Client: Sendable {
        var name: Name
        var samples: [Int]
    }

    private let spec: TrainingJobSpec
    private let strategies: StrategyCatalogue
    private let architecture: Architecture
    /// `nil` for a job that learns in an environment.
    private let train: LabelledData?
    private let test: LabelledData?
    /// By name, as updates are combined.
    private let clients: [Client]
    private let perRound: Int
    private let settings: Simulation.Settings
    private let threads: [ThreadExecutor]
    /// What clients keep to themselves, and what their last updates left out, by name.
    private let personal = Mutex<[Name: [Tensor]]>([:])
    /// Of a strategy with control variates: the clients', those of the round in progress, and who has contributed so far.
    private let controls = Mutex<[Name: [Tensor]]>([:])
    private let pendingControls = Mutex<[Name: [Tensor]]>([:])
    private let contributed = Mutex<Set<Name>>([])
    /// The next round's, where privacy's clip is adaptive.
    private let clip = Mutex<Double?>(nil)
    private let residuals = Mutex<[Name: [Tensor]]>([:])

    private final class Counter: Sendable {
        private let value = Atomic(0)

        func increment() -> Int { value.add(1, ordering: .relaxed).newValue }
    }

    init(
        _ spec: TrainingJobSpec, strategies: StrategyCatalogue, train: LabelledData?, shares: [[Int]],
        test: LabelledData?, settings: Simulation.Settings
    ) throws {
        guard spec.trainingType != .centralised, spec.transfer == nil else {
            throw FedLearnError(
                "invalid",
                "a simulation runs federated and reinforcement jobs without spec.transfer: it has neither a core with models "
                    + "nor edges with rules; apply the job instead")
        }
        self.spec = spec
        self.strategies = strategies
        self.settings = settings
        architecture = spec.architecture
        self.train = try train.map { try Self.fitting($0, spec) }
        self.test = try test.map { try Self.fitting($0, spec) }
        clients = try shares.enumerated().map { Client(name: try Name("edge-\($0 + 1)"), samples: $1) }
            .filter { client in spec.clients?.edges?.contains(client.name) ?? true }
            .sorted { $0.name < $1.name }
        perRound = min(settings.clientsPerRound ?? spec.wantedClients(of: clients.count), clients.count)
        guard perRound >= max(1, spec.minimumClients) else {
            throw FedLearnError(
                "invalid",
                "\(perRound) of \(clients.count) clients are asked in a round, and spec.clients.minimum is "
                    + "\(spec.minimumClients); simulate more clients")
        }
        threads = (0..<max(1, min(settings.threads, perRound))).map { ThreadExecutor(name: "client-\($0)") }
    }

    private static func fitting(_ data: LabelledData, _ spec: TrainingJobSpec) throws -> LabelledData {
        guard data.featureCount == spec.features, data.classCount <= spec.classes, data.count > 0 else {
            throw FedLearnError(
                "wrong-shape",
                "the data has \(data.count) samples of \(data.featureCount) features in \(data.classCount) classes; the "
                    + "job says spec.data.features: \(spec.features) and spec.data.classes: \(spec.classes)")
        }
        return try data.withClasses(spec.classes)
    }

    func run(_ report: @escaping @Sendable (Simulation.Event) -> Void) async throws -> [NamedTensor] {
        let initial = try architecture.fresh(seed: spec.seed ?? 0).parameters
        var global = initial.map(\.tensor)
        var state: [[Tensor]] = []
        for round in 1...spec.rounds {
            let began = ContinuousClock.now
            let outcome = try await self.round(round, from: global, state, report)
            (global, state) = (outcome.result.model, outcome.result.state)
            let score = try await judge(global)
            let samples = outcome.updates.reduce(0) { $0 + $1.samples }
            let isGood =
                spec.target.map { $0.isMet(accuracy: score.accuracy, loss: score.loss, meanReturn: score.meanReturn) }
                ?? false
            report(
                .finished(
                    Simulation.Round(
                        round: round, clients: outcome.updates.count, samples: samples,
                        trainingLoss: outcome.updates.reduce(0) { $0 + $1.loss * Double($1.samples) } / Double(samples),
                        accuracy: score.accuracy, loss: score.loss, meanReturn: score.meanReturn,
                        seconds: (ContinuousClock.now - began).seconds,
                        excluded: outcome.excluded, bytes: outcome.updates.reduce(0) { $0 + $1.bytes })))
            if isGood { break }
        }
        return zip(initial, global).map { NamedTensor(name: $0.name, tensor: $1) }
    }

    private struct Outcome {
        var result: Aggregator.Result
        var updates: [CountedUpdate]
        var excluded: [String: String]
    }

    /// Slot 0 holds the model a round starts from, then come the updates, then the strategy's state.
    private func round(
        _ round: Int, from global: [Tensor], _ state: [[Tensor]],
        _ report: @escaping @Sendable (Simulation.Event) -> Void
    ) async throws -> Outcome {
        let tensors = try architecture.tensors
        let strategy = try strategies.strategy(of: spec)
        let common = strategy.duties.controlVariate.flatMap { name in
            strategy.state.firstIndex { $0.name == name }.flatMap { state.indices.contains($0) ? state[$0] : nil }
        }
        pendingControls.withLock { $0.removeAll() }
        let file = try ScratchFile(for: tensors, in: settings.directory)
        let asked = draw(round)
        try file.write(global, to: 0)
        let base = try file.manifest(0)
        let trained = try await train(
            asked, round, from: global, duties: strategy.duties, common: common, into: file, report)
        var excluded = trained.declined
        var states: [String: Manifest] = [:]
        for (place, kept) in strategy.state.enumerated() where !state.isEmpty {
            try file.write(state[place], to: asked.count + 1 + place)
            states[kept.name] = try file.manifest(asked.count + 1 + place)
        }

        var aggregator = Aggregator(strategy: strategy, read: { try file.read($0) })
        aggregator.exclude(as: spec, asked: asked.count, clip: clip.withLock { $0 })
        var updates = trained.updates.sorted { $0.key < $1.key }
        while true {
            try check(updates.count, round, excluded)
            do {
                let result = try await aggregator.aggregate(
                    Aggregator.Round(
                        updates: updates.map(\.value), manifests: try updates.map { try file.manifest($0.key) },
                        base: base, state: states, kept: Set(spec.model.personalIndices(of: tensors)),
                        earlier: contributed.withLock { $0 }))
                settle(updates.map(\.value.edge))
                clip.withLock { $0 = result.nextClip }
                return Outcome(result: result, updates: updates.map(\.value), excluded: excluded)
            } catch let error as Aggregator.Excluded {
                for (name, reason) in error.reasons { excluded[name.text] = reason }
                updates.removeAll { error.reasons[$0.value.edge] != nil }
            }
        }
    }

    /// Only what was counted changes what the clients keep.
    private func settle(_ edges: [Name]) {
        contributed.withLock { $0.formUnion(edges) }
        let pending = pendingControls.withLock { $0 }
        controls.withLock { controls in for edge in edges { controls[edge] = pending[edge] } }
    }

    /// - Throws: `FedLearnError` `round-failed` when too few updates are left.
    private func check(_ count: Int, _ round: Int, _ excluded: [String: String]) throws {
        guard count < max(1, spec.minimumClients) else { return }
        let told = excluded.sorted { $0.key < $1.key }.prefix(5).map { "\($0.key): \($0.value)" }
        throw FedLearnError(
            "round-failed",
            "\(count) updates are left of round \(round), and spec.clients.minimum is \(spec.minimumClients); "
                + told.joined(separator: "; "))
    }

    /// The clients of a round, by name.
    private func draw(_ round: Int) -> [Client] {
        TrainingJobSpec.sample(perRound, of: clients, seed: spec.seed ?? 0, round: round)
    }

    /// What one thread's clients came to: updates by slot, and why others have none.
    private struct Share: Sendable {
        var updates: [Int: CountedUpdate] = [:]
        var declined: [String: String] = [:]
    }

    /// Has clients train, several at a time, and puts their models into the slots from 1 on.
    private func train(
        _ asked: [Client], _ round: Int, from global: [Tensor], duties: ClientDuties, common: [Tensor]?,
        into file: ScratchFile,
        _ report: @escaping @Sendable (Simulation.Event) -> Void
    ) async throws -> (updates: [Int: CountedUpdate], declined: [String: String]) {
        let (next, done) = (Counter(), Counter())
        let isStopped = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Share.self) { group in
                for thread in threads {
                    group.addTask {
                        try await thread.run { [self] in
                            var share = Share()
                            while !isStopped.isSet {
                                let slot = next.increment()
                                guard slot <= asked.count else { return share }
                                let client = asked[slot - 1]
                                do {
                                    let (update, model) = try fit(
                                        client, round, from: global, duties, common, slot: slot, isStopped)
                                    try file.write(model, to: slot)
                                    share.updates[slot] = update
                                } catch let error as NetworkError {
                                    share.declined[client.name.text] = error.message
                                }
                                report(.trained(done.increment(), of: asked.count, round: round))
                            }
                            throw CancellationError()
                        }
                    }
                }
                var all = Share()
                do {
                    for try await share in group {
                        all.updates.merge(share.updates) { first, _ in first }
                        all.declined.merge(share.declined) { first, _ in first }
                    }
                } catch {
                    isStopped.set()
                    throw error
                }
                return (all.updates, all.declined)
            }
        } onCancel: {
            isStopped.set()
        }
    }

    /// One client's training, as an edge does it.
    private func fit(
        _ client: Client, _ round: Int, from global: [Tensor], _ duties: ClientDuties, _ common: [Tensor]?, slot: Int,
        _ isStopped: CancellationFlag
    ) throws -> (CountedUpdate, [Tensor]) {
        let began = ContinuousClock.now
        let own = spec.model.personalIndices(of: try architecture.tensors)
        var start = global
        if let kept = personal.withLock({ $0[client.name] }) {
            for (index, tensor) in zip(own, kept) { start[index] = tensor }
        }
        var variate: ControlVariate?
        if duties.controlVariate != nil {
            let zeros = try global.map { try Tensor(zeros: $0.shape) }
            variate = ControlVariate(own: controls.withLock { $0[client.name] } ?? zeros, common: common ?? zeros)
        }
        let fitted = try fit(client, round, from: start, duties, try variate?.correction() ?? [], isStopped)
        var model = fitted.model
        if !own.isEmpty {
            personal.withLock { $0[client.name] = own.map { model[$0] } }
            for index in own { model[index] = global[index] }
        }
        if let variate {
            let next = try variate.next(
                base: global, model: model, steps: fitted.steps, rate: spec.optimizer(round: round).rate)
            pendingControls.withLock { $0[client.name] = next }
        }
        var bytes = architecture.bytes
        if let codec = UpdateCodec(spec.compression) {
            let last = residuals.withLock { $0[client.name] } ?? []
            let encoding = try codec.encode(model, base: global, residual: last, without: own)
            residuals.withLock { $0[client.name] = encoding.residual }
            bytes = encoding.sent.reduce(0) { $0 + $1.storage.bytes.count }
            model = try codec.decode(encoding.sent, base: global, without: own)
        }
        let seconds = (ContinuousClock.now - began).seconds
        let update = CountedUpdate(
            edge: client.name, manifest: try ShardAddress(slot: slot, position: 0).digest, samples: fitted.samples,
            loss: fitted.loss, bytes: bytes, fetchedBytes: architecture.bytes, trainSeconds: seconds,
            totalSeconds: seconds,
            steps: fitted.steps, baseLoss: fitted.baseLoss)
        return (update, model)
    }

    /// What one client's training came to.
    private struct Fitted {
        var model: [Tensor]
        var samples: Int
        var loss: Double
        var steps: Int
        var baseLoss: Double?
    }

    private func fit(
        _ client: Client, _ round: Int, from start: [Tensor], _ duties: ClientDuties, _ correction: [Tensor],
        _ isStopped: CancellationFlag
    ) throws -> Fitted {
        guard let train else {
            let learner = try spec.policyLearner(round: round, edge: client.name, proximal: duties.proximal)
            let learnt = try learner.learn(
                from: try architecture.policy(start), shouldStop: { isStopped.isSet })
            return Fitted(
                model: learnt.network.parameters.map(\.tensor), samples: learnt.samples, loss: learnt.loss,
                steps: learnt.steps)
        }
        let data = train.subset(client.samples)
        var options = spec.optimizer(round: round).training(
            seed: spec.seed ?? 0, streams: ["\(round)", client.name.text])
        options.proximal = Float(duties.proximal ?? 0)
        options.correction = Dictionary(zip(try architecture.tensors.map(\.name), correction)) { first, _ in first }
        var network = try architecture.network(start)
        let baseLoss =
            duties.reportsBaseLoss
            ? try network.evaluate(
                on: data, batchSize: architecture.judgingBatch, shouldStop: { isStopped.isSet }
            ).loss : nil
        let outcome = try network.train(
            on: data, options: options, shouldStop: { isStopped.isSet }, progress: { _ in })
        return Fitted(
            model: network.parameters.map(\.tensor), samples: data.count, loss: outcome.loss, steps: outcome.steps,
            baseLoss: baseLoss)
    }

    private func judge(_ model: [Tensor]) async throws -> (accuracy: Double?, loss: Double?, meanReturn: Double?) {
        if let policyJudge = spec.policyJudge {
            let mean = try await threads[0].run { [self] in
                try policyJudge.meanReturn(of: try architecture.policy(model))
            }
            return (nil, nil, mean)
        }
        guard let test else { return (nil, nil, nil) }
        let evaluation = try await threads[0].run { [self] in
            try architecture.network(model).evaluate(
                on: test, batchSize: architecture.judgingBatch, shouldStop: { false })
        }
        return (evaluation.accuracy, evaluation.loss, nil)
    }
}
