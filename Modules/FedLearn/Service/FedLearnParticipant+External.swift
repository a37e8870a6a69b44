import Contracts
import Core
import MessageBus
import Telemetry
import Tensor

/// Models that the platform does not know: a trainer beside the edge has them.
extension FedLearnParticipant {
    nonisolated func registerExternal() {
        bus.handle(FedLearnContract.initialise) { [self] (request: Inbound<ModelOrder>) -> InitialModel in
            try Self.requireCore(request.peer)
            return try await initialModel(request.body, trace: request.trace)
        }
        bus.handle(FedLearnContract.evaluate) { [self] (request: Inbound<ModelOrder>) -> ModelScore in
            try Self.requireCore(request.peer)
            return try await score(request.body, trace: request.trace)
        }
    }

    private func provider() throws -> any TrainerProvider {
        guard let trainers else {
            throw FedLearnError("no-trainer", "this edge lets no trainers connect, which an external model needs")
        }
        return trainers
    }

    /// A trainer says how many samples it has with its result.
    func externalSamples(for order: TrainOrder) throws -> Int {
        _ = try provider()
        return 0
    }

    /// Fetches the global model, has the trainer train it and publishes the update, durably.
    func trainedOutside(_ order: TrainOrder, trace: TraceID, logger: Logger) async throws -> UpdateNotice {
        let (provider, reference) = (try provider(), order.reference)
        let transfer = ModelTransfer(bus: bus, trace: trace)
        let deadline = ContinuousClock.now + .seconds(order.deadlineSeconds)
        let reply = try await transfer.fetch(
            order.manifest, from: .core, reference: "\(Job.referencePrefix(reference.jobUID))\(reference.round)/global",
            expecting: order.architecture.tensors, timeout: .seconds(order.deadlineSeconds), tags: order.tags(.model))
        let global = try await transfer.read(reply.manifest)
        let codec = UpdateCodec(order.compression)
        let last = try await kept([], [], codec, global, of: order, transfer)
        let task = TrainerTask(
            job: reference.job, dataset: try order.data, round: reference.round, tensors: reply.manifest.tensors,
            optimizer: order.optimizer, seed: order.seed, proximal: order.proximal)
        var baseLoss: Double?
        if order.reportsBaseLoss == true {
            let answer = try await provider.ask(.evaluate, task, tensors: global, until: deadline, trace: trace)
            baseLoss = try ModelScore(answer.result).loss
        }
        let started = ContinuousClock.now
        let answer = try await provider.ask(.fit, task, tensors: global, until: deadline, trace: trace)
        let seconds = (ContinuousClock.now - started).seconds
        guard answer.result.tensors.map(\.shape) == task.tensors.map(\.shape) else {
            throw FedLearnError(
                "wrong-shape",
                "the trainer's fit returned "
                    + Self.difference(answer.result.tensors.map(\.shape), task.tensors.map(\.shape)))
        }
        guard let samples = answer.result.samples, samples > 0 else {
            throw FedLearnError("trainer-failed", "the trainer's fit says that it trained on no samples")
        }
        let loss: Double
        if let told = answer.result.metrics["loss"] {
            loss = told
        } else {
            let own = try await provider.ask(.evaluate, task, tensors: answer.tensors, until: deadline, trace: trace)
            loss = try ModelScore(own.result).loss
        }
        let sent = try await send(
            answer.tensors, base: global, keeping: [], withholding: [], codec, last, of: order, transfer)
        let notice = UpdateNotice(
            reference: reference, manifest: sent.update, samples: samples, loss: loss, trainSeconds: seconds,
            fetchedBytes: reply.movedBytes, baseLoss: baseLoss)
        try await storage.save(notice, base: order.manifest, personal: sent.kept)
        if let last { try await dropKept(but: last.round, of: reference, transfer) }
        logger.info(
            "round trained by a trainer", ["samples": "\(samples)", "loss": "\(loss)", "seconds": "\(seconds)"])
        return notice
    }

    private func initialModel(_ order: ModelOrder, trace: TraceID) async throws -> InitialModel {
        let task = TrainerTask(job: order.reference.job, dataset: order.dataset, round: 0, seed: order.seed)
        let answer = try await provider().ask(
            .initialise, task, tensors: [], until: .now + .seconds(order.deadlineSeconds), trace: trace)
        let names = Set(answer.result.tensors.map(\.name))
        guard !names.isEmpty, names.count == answer.result.tensors.count else {
            throw FedLearnError("trainer-failed", "the trainer's model has no tensors, or two of one name")
        }
        let summary = try await ModelTransfer(bus: bus, trace: trace).publish(
            answer.tensors, as: answer.result.tensors,
            reference: "\(Job.referencePrefix(order.reference.jobUID))0/initial", tags: order.tags)
        return InitialModel(manifest: summary.digest, tensors: answer.result.tensors)
    }

    private func score(_ order: ModelOrder, trace: TraceID) async throws -> ModelScore {
        guard let manifest = order.manifest, let tensors = order.tensors else {
            throw FedLearnError("malformed", "an order to judge a model names none")
        }
        let transfer = ModelTransfer(bus: bus, trace: trace)
        let deadline = ContinuousClock.now + .seconds(order.deadlineSeconds)
        let reply = try await transfer.fetch(
            manifest, from: .core,
            reference: "\(Job.referencePrefix(order.reference.jobUID))\(order.reference.round)/judged",
            expecting: tensors, timeout: .seconds(order.deadlineSeconds), tags: order.tags)
        let task = TrainerTask(
            job: order.reference.job, dataset: order.dataset, round: order.reference.round, tensors: tensors,
            seed: order.seed)
        let answer = try await provider().ask(
            .evaluate, task, tensors: try await transfer.read(reply.manifest), until: deadline, trace: trace)
        return try ModelScore(answer.result)
    }

    private static func difference(_ found: [[Int]], _ expected: [[Int]]) -> String {
        guard found.count == expected.count else { return "\(found.count) tensors; the model has \(expected.count)" }
        let index = zip(found, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
        return "tensor \(index) with shape \(found[index]); the model has \(expected[index])"
    }
}

extension ModelScore {
    /// - Throws: `FedLearnError` `trainer-failed` for an evaluation that says nothing.
    fileprivate init(_ result: TrainerResult) throws {
        guard let samples = result.samples, samples > 0, let loss = result.loss else {
            throw FedLearnError("trainer-failed", "the trainer's evaluate says no loss, or that it has no samples")
        }
        self.init(samples: samples, loss: loss, accuracy: result.metrics["accuracy"])
    }
}

extension ModelOrder {
    fileprivate var tags: TransferTags {
        TransferTags(
            artefact: .model, workload: .federated, job: reference.job, policy: sync, round: reference.round)
    }
}
