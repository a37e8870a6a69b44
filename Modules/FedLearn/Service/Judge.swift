import Contracts
import Core
import Datasets
import NeuralNet
import Telemetry
import Tensor

/// Judges global models on data that no edge trains on, and trains the same model centrally for comparison.
struct Judge: Sendable {
    private let test: LabelledData
    private let coordinator: FedLearnCoordinator

    /// - Returns: `nil` when the job names no evaluation data.
    init?(job: Job, coordinator: FedLearnCoordinator) async throws {
        guard let spec = job.spec.evaluation else { return nil }
        self.coordinator = coordinator
        test = try await Self.load(spec.dataset, for: job, from: coordinator.datasets)
    }

    func evaluate(_ tensors: [Tensor], of job: Job) async throws -> (accuracy: Double, loss: Double) {
        let (architecture, test) = (job.spec.architecture, test)
        return try await coordinator.computing.run {
            let result = try architecture.network(tensors).evaluate(
                on: test, batchSize: architecture.judgingBatch, shouldStop: { false })
            return (result.accuracy, result.loss)
        }
    }

    /// The accuracy of the job's model trained on all data in one place, for as many epochs as an edge trains.
    /// - Parameter initial: what the first round starts from.
    func baseline(of job: Job, from initial: [Tensor]) async throws -> Double? {
        guard let name = job.spec.evaluation?.baseline else { return nil }
        let train = try await Self.load(name, for: job, from: coordinator.datasets)
        let (test, spec) = (test, job.spec)
        let isStopped = CancellationFlag()
        let accuracy = try await withTaskCancellationHandler {
            try await coordinator.computing.run {
                let architecture = spec.architecture
                var network = try architecture.network(initial)
                var options = (spec.optimizer ?? OptimizerSpec()).training(
                    seed: spec.seed ?? 0, streams: ["baseline"])
                if let schedule = spec.optimizer?.schedule {
                    let steps = (train.count + options.batchSize - 1) / options.batchSize * options.epochs
                    options.schedule = schedule.rates(perRound: options.epochs, steps: steps)
                }
                options.epochs *= spec.rounds
                let tensors = try architecture.tensors
                options.frozen = Set(spec.frozenIndices(of: tensors).map { tensors[$0].name })
                try network.train(
                    on: train, options: options, shouldStop: { isStopped.isSet }, progress: { _ in })
                return try network.evaluate(
                    on: test, batchSize: architecture.judgingBatch, shouldStop: { false }
                ).accuracy
            }
        } onCancel: {
            isStopped.set()
        }
        try Task.checkCancellation()
        coordinator.logger(for: job).info(
            "baseline trained", ["accuracy": String(accuracy), "samples": String(train.count)])
        return accuracy
    }

    static func load(_ name: Name, for job: Job, from datasets: any DatasetProvider) async throws
        -> LabelledData
    {
        let data = try await datasets.load(name)
        guard data.featureCount == job.spec.features, data.classCount <= job.spec.classes else {
            throw FedLearnError(
                "wrong-shape",
                "the core's data set '\(name)' has \(data.featureCount) features and \(data.classCount) classes; job "
                    + "'\(job.name)' says \(job.spec.features) and \(job.spec.classes)")
        }
        return try data.withClasses(job.spec.classes)
    }
}
