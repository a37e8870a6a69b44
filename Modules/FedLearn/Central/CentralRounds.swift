import Contracts
import Core
import Datasets
import MessageBus
import NeuralNet
import Telemetry
import Tensor

/// Trains a job's rounds at the core, on data that was gathered there. A round is one training of the job's local epochs; its model
/// is kept like any other round's.
struct CentralRounds: Sendable {
    private let runner: JobRunner
    private let judge: Judge?
    private let data: LabelledData
    /// Whose data it is, and how much of it.
    private let shares: [Share]

    private struct Share: Sendable {
        var edge: Name
        var samples: Int
        /// That moved to the core.
        var bytes = 0
    }

    private var coordinator: FedLearnCoordinator { runner.coordinator }

    /// Gathers the data and reads it.
    init(_ runner: JobRunner, judge: Judge?) async throws {
        (self.runner, self.judge) = (runner, judge)
        let job = try await DataGathering(runner: runner).run()
        let (spec, transfer) = (job.spec, ModelTransfer(bus: runner.bus, trace: job.traceID))
        var parts: [LabelledData] = []
        var shares: [Share] = []
        if await runner.coordinator.hasData(try job.dataset) {
            let own = try await Judge.load(try job.dataset, for: job, from: runner.coordinator.datasets)
            parts.append(own)
            shares.append(Share(edge: try Name(PeerID.core.text), samples: own.count))
        }
        for share in (job.header.gathered ?? []).sorted(by: { $0.edge < $1.edge }) {
            parts.append(try await share.data(transfer, classes: spec.classes))
            shares.append(Share(edge: share.edge, samples: share.samples, bytes: share.bytes))
        }
        data = try LabelledData(
            features: parts.flatMap(\.features), labels: parts.flatMap(\.labels), featureCount: spec.features,
            classCount: spec.classes)
        self.shares = shares
        await tellEdges(job)
    }

    /// The edges have done their part. Best effort: an edge that misses it asks when it connects again.
    private func tellEdges(_ job: Job) async {
        for share in shares where runner.bus.isConnected(PeerID(share.edge)) {
            do {
                _ = try await runner.bus.call(
                    FedLearnContract.abandon, job.reference(round: job.rounds.count), to: .peer(PeerID(share.edge)),
                    timeout: .seconds(2), trace: job.traceID)
            } catch {
                coordinator.logger(for: job).debug(
                    "could not tell an edge that its data is here", ["edge": share.edge.text], error: error)
            }
        }
    }

    func run(round: Int) async throws {
        var job = try await runner.currentJob()
        guard let start = job.rounds.last?.manifest ?? job.header.initialManifest else {
            throw FedLearnError("corrupt", "job '\(job.name)' runs without an initial model")
        }
        let opened = ContinuousClock.now
        let edges = shares.map(\.edge)
        job.header.set("Progressing", true, "RoundStarted", "round \(round) of \(job.spec.rounds)", at: runner.now)
        try await coordinator.storage.begin(
            OpenRound(round: round, participants: edges, base: start, started: runner.now), of: job)
        // Whose data the job has learned from is read from here after a restart.
        for share in shares {
            _ = try await coordinator.storage.count(
                CountedUpdate(
                    edge: share.edge, manifest: start, samples: share.samples, loss: 0, bytes: share.bytes,
                    fetchedBytes: 0, trainSeconds: 0, totalSeconds: 0, steps: 1), in: job.reference(round: round))
        }
        job.current = CurrentRound(round: round, state: "Training at the core", participants: edges, received: edges)
        await coordinator.show(job)

        let transfer = ModelTransfer(bus: runner.bus, trace: job.traceID)
        let base = try await transfer.read(try await transfer.manifest(start))
        let (model, report) = try await train(base, round, job)
        let published = try await transfer.publish(
            model, of: job.architecture, reference: job.globalReference(round: round),
            tags: job.tags(.model, round: round))
        let score = try await judge?.evaluate(model, of: job)
        let isFirst = job.rounds.last == nil
        let summary = RoundSummary(
            round: round, model: job.modelName(round: round), manifest: published.digest,
            contributors: shares.map { share in
                Contribution(
                    edge: share.edge, samples: share.samples, loss: report.loss, bytes: isFirst ? share.bytes : 0)
            }, absent: job.header.leftOut ?? [], accuracy: score?.accuracy, loss: score?.loss,
            seconds: (ContinuousClock.now - opened).seconds, bytesToEdges: 0,
            bytesFromEdges: isFirst ? shares.reduce(0) { $0 + $1.bytes } : 0)
        job.current = nil
        job.rounds.append(summary)
        job.header.set("Progressing", true, "RoundCommitted", "round \(round) of \(job.spec.rounds)", at: runner.now)
        try await coordinator.storage.commit(summary, of: job)
        await coordinator.show(job)
        coordinator.logger(for: job).info(
            "round committed",
            [
                "round": "\(round)", "samples": "\(data.count)", "accuracy": score.map { "\($0.accuracy)" } ?? "-",
                "seconds": "\(summary.seconds)",
            ])
        coordinator.metrics.rounds.increment()
        coordinator.metrics.roundSeconds.observe(summary.seconds)
    }

    /// One round's training, off the cooperative pool.
    private func train(_ base: [Tensor], _ round: Int, _ job: Job) async throws -> ([Tensor], TrainingReport) {
        let (architecture, data, isStopped) = (job.architecture, data, CancellationFlag())
        let options = job.spec.optimizer(round: round).training(
            seed: job.spec.seed ?? 0, streams: ["\(round)", PeerID.core.text])
        let result = try await withTaskCancellationHandler {
            try await coordinator.computing.run {
                var network = try architecture.network(base)
                let report = try network.train(
                    on: data, options: options, shouldStop: { isStopped.isSet }, progress: { _ in })
                return (network.parameters.map(\.tensor), report)
            }
        } onCancel: {
            isStopped.set()
        }
        try Task.checkCancellation()
        return result
    }
}
