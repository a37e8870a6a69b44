import Contracts
import Core
import MessageBus
import Telemetry
import Tensor

extension RoundRunner {
    /// Aggregates the round's frozen updates and commits the model that comes of them.
    func commit(
        _ open: OpenRound, base: Manifest, strategy: any Strategy, job: Job, opened: ContinuousClock.Instant
    ) async throws {
        var job = job
        let round = open.round
        let reference = job.reference(round: round)
        var updates = try await coordinator.storage.updates(in: reference)
        job.current = CurrentRound(
            round: round, state: "Aggregating", participants: open.participants, received: updates.map(\.edge))
        await coordinator.show(job)

        let transfer = ModelTransfer(bus: bus, trace: job.traceID)
        let result = try await aggregate(&updates, of: open, base: base, strategy: strategy, job: job, transfer)
        let model = try await transfer.publish(
            result.model, of: job.architecture, reference: job.globalReference(round: round),
            tags: job.tags(.model, round: round))
        var state: [String: Digest] = [:]
        for (kept, tensors) in zip(strategy.state, result.state) {
            state[kept.name] = try await transfer.publish(
                tensors, of: job.architecture, reference: job.statePrefix(round: round) + kept.name,
                tags: job.tags(.model, round: round)
            ).digest
        }
        let score = try await score(of: result.model, model.digest, round, contributors: updates.map(\.edge), job)
        let absences = try await coordinator.storage.absences(in: reference)
        let seconds = (ContinuousClock.now - opened).seconds
        var summary = RoundSummary(
            round: round, model: job.modelName(round: round), manifest: model.digest,
            contributors: updates.enumerated().map { index, update in
                var contribution = Contribution(
                    edge: update.edge, samples: update.samples, loss: update.loss, bytes: update.bytes,
                    norm: result.norms[index], weight: result.weights.map { Double($0[index]) })
                (contribution.meanReturn, contribution.episodes) = (update.meanReturn, update.episodes)
                return contribution
            },
            absent: open.participants.filter { edge in !updates.contains { $0.edge == edge } }.map {
                Absence(edge: $0, reason: absences[$0] ?? "no update before the core restarted")
            },
            accuracy: score?.accuracy, loss: score?.loss, seconds: seconds,
            bytesToEdges: updates.reduce(0) { $0 + $1.fetchedBytes },
            bytesFromEdges: updates.reduce(0) { $0 + $1.bytes }, state: state.isEmpty ? nil : state,
            compression: try job.roundCompression(of: updates, seconds: seconds),
            privacy: job.spec.privacy.map { spec in
                var spent = spec.spent(rounds: round)
                if let next = result.nextClip {
                    (spent.clip, spent.nextClip) = (job.rounds.last?.privacy?.nextClip ?? spec.clip, next)
                }
                return spent
            })
        (summary.meanReturn, summary.episodes) = (score?.meanReturn, score?.episodes)
        job.current = nil
        job.rounds.append(summary)
        job.header.set("Progressing", true, "RoundCommitted", "round \(round) of \(job.spec.rounds)", at: runner.now)
        try await coordinator.storage.commit(summary, of: job)
        await coordinator.show(job)
        coordinator.logger(for: job).info(
            "round committed",
            [
                "round": "\(round)", "edges": "\(updates.count)", "accuracy": score?.accuracy.map { "\($0)" } ?? "-",
                "meanReturn": score?.meanReturn.map { "\($0)" } ?? "-",
                "seconds": "\(summary.seconds)",
            ])
        coordinator.metrics.rounds.increment()
        coordinator.metrics.roundSeconds.observe(summary.seconds)
        await tellPlacement(updates, round, job, seconds: summary.seconds)
        // They have done their work. A crash before this leaves them until the job is deleted.
        try await transfer.release(job.updatePrefix(round: round))
        if !state.isEmpty { try await transfer.release(job.statePrefix(round: round - 1)) }
    }

    /// Combines the updates as the strategy says, without those that do not belong to the others.
    /// - Parameter updates: those that were left out are taken from it.
    private func aggregate(
        _ updates: inout [CountedUpdate], of open: OpenRound, base: Manifest, strategy: any Strategy, job: Job,
        _ transfer: ModelTransfer
    ) async throws -> Aggregator.Result {
        let reference = job.reference(round: open.round)
        // What moving the updates took is free by now; aggregating needs it elsewhere.
        await coordinator.settleMemory()
        var aggregator = Aggregator(strategy: strategy, read: { try await transfer.shard($0) })
        aggregator.memory = coordinator.aggregationMemory
        aggregator.exclude(
            as: job.spec, asked: open.participants.count, clip: job.rounds.last?.privacy?.nextClip)
        aggregator.settleMemory = coordinator.settleMemory
        let kept = Set(job.spec.withheldIndices(of: base.tensors))
        let state = try await state(of: strategy, base: base, job: job, transfer)
        var mends = 0
        while true {
            do {
                var manifests: [Manifest] = []
                for update in updates { manifests.append(try await transfer.manifest(update.manifest)) }
                if let codec = job.codec {
                    let encoded = EncodedUpdates(
                        codec: codec, base: base, updates: manifests, kept: kept,
                        read: { try await transfer.shard($0) })
                    manifests = try encoded.manifests
                    aggregator.read = { try await encoded.shard($0) }
                }
                return try await aggregator.aggregate(
                    Aggregator.Round(
                        updates: updates, manifests: manifests, base: base, state: state, kept: kept,
                        earlier: Set(job.rounds.totals.edges)))
            } catch let error as Aggregator.Excluded {
                for (edge, reason) in error.reasons.sorted(by: { $0.key < $1.key }) {
                    coordinator.metrics.refusedUpdates.increment()
                    coordinator.logger(for: job).warning(
                        "update thrown out", ["round": "\(open.round)", "edge": edge.text, "reason": reason])
                }
                updates.removeAll { error.reasons[$0.edge] != nil }
                let isEnough = !updates.isEmpty && updates.count >= job.spec.minimumClients
                try await coordinator.storage.discard(error.reasons, in: reference, reopening: !isEnough)
                if !isEnough {
                    let told = error.reasons.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
                    throw Repeat(reason: told.joined(separator: "; "), isRefused: true)
                }
            } catch let error as any ModuleError where ModelMender.isLoss(error.code) && mends < 3 {
                // The edges keep their updates until the next round.
                mends += 1
                var mender = try mender(job)
                mender.tensors = try job.updateTensors
                for update in updates {
                    _ = try await mender.whole(
                        update.manifest, from: [update.edge],
                        reference: job.updatePrefix(round: open.round) + update.edge.text,
                        tags: job.tags(.update, round: open.round))
                }
            }
        }
    }

    /// What the last round left for the strategy; empty before the first.
    /// - Throws: `FedLearnError` `missing` when it is not what the strategy needs.
    private func state(
        of strategy: any Strategy, base: Manifest, job: Job, _ transfer: ModelTransfer
    ) async throws -> [String: Manifest] {
        guard let last = job.rounds.last else { return [:] }
        var state: [String: Manifest] = [:]
        for name in strategy.state.map(\.name) {
            guard let digest = last.state?[name] else {
                throw FedLearnError(
                    "missing",
                    "round \(last.round) of job '\(job.name)' left no '\(name)', which its strategy "
                        + "'\(type(of: strategy).kind)' goes on from; delete the job and apply it again")
            }
            let manifest = try await transfer.manifest(digest)
            guard manifest.isCutLike(base) else {
                throw FedLearnError(
                    "missing",
                    "'\(name)', which round \(last.round) of job '\(job.name)' left, is cut into other shards than its "
                        + "model; delete the job and apply it again")
            }
            state[name] = manifest
        }
        return state
    }

    /// What the round took, for placement to learn from. Best effort: the next round says as much.
    private func tellPlacement(_ updates: [CountedUpdate], _ round: Int, _ job: Job, seconds: Double) async {
        // Counted before the core restarted: nobody knows how long that took.
        let records = updates.filter { $0.trainSeconds > 0 && $0.totalSeconds <= seconds }.map { update in
            RoundRecord(
                jobUID: job.uid, job: job.name, round: round, edge: update.edge, workload: job.workload,
                samples: update.samples, computeSeconds: update.trainSeconds, totalSeconds: update.totalSeconds,
                roundSeconds: seconds, fetchedBytes: update.fetchedBytes, sentBytes: update.bytes, time: runner.now)
        }
        guard !records.isEmpty else { return }
        do {
            _ = try await bus.call(PlacementContract.record, RoundRecords(records: records), trace: job.traceID)
        } catch { coordinator.logger(for: job).warning("placement learned nothing of a round", error: error) }
    }
}
