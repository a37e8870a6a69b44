import Contracts
import Core
import MessageBus
import Telemetry
import Tensor

extension JobRunner {
    /// The most parameters that a trainer's model may have.
    private static let mostParameters = 500_000_000

    /// Learns from a trainer what an external model consists of: from that of the first edge, in the order of names, that has
    /// one.
    /// - Throws: `FedLearnError` `no-initial-model`, retriable, when none answers.
    func prepareExternal(_ job: Job) async throws -> Job {
        var (plan, job) = try await RoundRunner(runner: self, judge: nil).plan(job)
        let (transfer, logger) = (ModelTransfer(bus: bus, trace: job.traceID), coordinator.logger(for: job))
        let order = ModelOrder(
            reference: job.reference(round: 0), dataset: try job.dataset, seed: job.spec.seed ?? 0,
            deadlineSeconds: job.spec.deadline.seconds, sync: job.spec.sync)
        var failures: [String] = []
        for edge in plan.chosen.sorted() {
            do {
                let answer = try await bus.call(
                    FedLearnContract.initialise, order, to: .peer(PeerID(edge)),
                    timeout: job.spec.deadline + .seconds(5), trace: job.traceID
                ).body
                let parameters = try Self.parameters(of: answer.tensors)
                let reply = try await transfer.fetch(
                    answer.manifest, from: PeerID(edge), reference: job.globalReference(round: 0),
                    expecting: answer.tensors, timeout: job.spec.deadline, tags: job.tags(.model, round: 0))
                job.header.placement = plan
                job.header.tensors = answer.tensors
                job.header.initialManifest = answer.manifest
                job.header.phase = .running
                job.header.set("Progressing", true, "Started", "edge '\(edge)' gave the initial model", at: now)
                try await coordinator.save(job)
                logger.info(
                    "a trainer gave the initial model",
                    [
                        "edge": edge.text, "parameters": "\(parameters)",
                        "bytes": "\(reply.movedBytes)",
                    ])
                return job
            } catch let error as any ModuleError {
                try Task.checkCancellation()
                failures.append("\(edge): \(error.message)")
            }
        }
        throw FedLearnError(
            "no-initial-model",
            "no edge's trainer gave job '\(job.name)' an initial model (\(failures.joined(separator: "; ")))",
            isRetriable: true)
    }

    /// How many parameters these tensors have, which an edge may have made up.
    /// - Throws: `FedLearnError` `wrong-shape` for none, for too many and for shapes that there are not.
    private static func parameters(of tensors: [TensorSpec]) throws -> Int {
        var count = 0
        for tensor in tensors {
            // `try?`: a shape that there is not is told as one without values.
            guard let size = try? Tensor.count(of: tensor.shape), size > 0 else {
                throw FedLearnError(
                    "wrong-shape",
                    "its trainer's tensor '\(tensor.name.prefix(60))' has no values, shape \(tensor.shape.prefix(8))")
            }
            count = min(mostParameters + 1, count + min(mostParameters + 1, size))
        }
        guard (1...mostParameters).contains(count) else {
            throw FedLearnError(
                "wrong-shape",
                "its trainer's model has \(count > mostParameters ? "more than \(mostParameters)" : "no") parameters; 1 to "
                    + "\(mostParameters) can be aggregated")
        }
        return count
    }
}
