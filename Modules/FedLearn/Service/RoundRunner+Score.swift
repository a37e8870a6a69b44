import Contracts
import Core
import MessageBus
import Telemetry
import Tensor

extension RoundRunner {
    /// How good a round's model is.
    struct Score: Sendable {
        var accuracy: Double?
        var loss: Double?
        /// Of a policy, over so many episodes.
        var meanReturn: Double?
        var episodes: Int?
    }

    /// Judged at the core, or for an external model by the trainers of those who contributed to it.
    func score(
        of model: [Tensor], _ manifest: Digest, _ round: Int, contributors: [Name], _ job: Job
    ) async throws -> Score? {
        if job.spec.environment != nil { return try await policyScore(of: model, job) }
        guard let tensors = job.header.tensors else {
            guard let judged = try await judge?.evaluate(model, of: job) else { return nil }
            return Score(accuracy: judged.accuracy, loss: judged.loss)
        }
        let order = ModelOrder(
            reference: job.reference(round: round), dataset: try job.dataset, seed: job.spec.seed ?? 0,
            deadlineSeconds: job.spec.deadline.seconds, sync: job.spec.sync, manifest: manifest, tensors: tensors)
        return Score(mean: await scores(order, from: contributors, job))
    }

    /// What each of these edges says of the model, by name; those that cannot say are left out.
    private func scores(_ order: ModelOrder, from edges: [Name], _ job: Job) async -> [ModelScore] {
        let (bus, trace, logger) = (bus, job.traceID, coordinator.logger(for: job))
        let timeout = job.spec.deadline + .seconds(5)
        return await withTaskGroup(of: (Name, ModelScore)?.self) { group in
            for edge in edges {
                group.addTask {
                    do {
                        let score = try await bus.call(
                            FedLearnContract.evaluate, order, to: .peer(PeerID(edge)), timeout: timeout, trace: trace
                        ).body
                        if let fault = score.fault { throw FedLearnError("implausible", "it says \(fault)") }
                        return (edge, score)
                    } catch {
                        logger.warning("a trainer did not judge the model", ["edge": edge.text], error: error)
                        return nil
                    }
                }
            }
            var scores: [(Name, ModelScore)] = []
            for await score in group { if let score { scores.append(score) } }
            return scores.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

extension RoundRunner.Score {
    /// The mean over all samples; the accuracy over those of whom that was said.
    /// - Returns: `nil` when there is none.
    init?(mean scores: [ModelScore]) {
        guard !scores.isEmpty else { return nil }
        func mean(_ values: [(value: Double, samples: Int)]) -> Double? {
            let total = values.reduce(0.0) { $0 + Double($1.samples) }
            return values.isEmpty ? nil : values.reduce(0.0) { $0 + $1.value * (Double($1.samples) / total) }
        }
        loss = mean(scores.map { ($0.loss, $0.samples) })
        accuracy = mean(scores.compactMap { score in score.accuracy.map { ($0, score.samples) } })
    }
}

extension ModelScore {
    /// What cannot be, in words.
    fileprivate var fault: String? {
        if !(1...1_000_000_000_000).contains(samples) { return "that it has \(samples) samples" }
        if !loss.isFinite { return "that the loss is \(loss)" }
        if let accuracy, !(0...1).contains(accuracy) { return "that the accuracy is \(accuracy), not 0 to 1" }
        return nil
    }
}
