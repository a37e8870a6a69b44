import Contracts
import Core
import MessageBus
import Telemetry

/// Brings the data of a job that trains at the core there, edge by edge, each as its rules allow.
struct DataGathering: Sendable {
    /// The most bytes that the data of one job may have at the core, where training needs it in memory.
    static let mostBytes = 8 << 30
    /// How many edges' data moves at once.
    private static let width = 4

    let runner: JobRunner

    private var bus: Bus { runner.bus }
    private var coordinator: FedLearnCoordinator { runner.coordinator }

    private enum Outcome: Sendable {
        case gathered(GatheredShare)
        case leftOut(Name, String)
    }

    /// Gathers what is not here yet; each share is stored with the job once it is.
    /// - Throws: `FedLearnError` `no-data`, retriable, while fewer shares than the job's minimum can be had.
    func run() async throws -> Job {
        var job = try await runner.currentJob()
        let isAtCore = await coordinator.hasData(try job.dataset)
        let plan = try await plan(job, isAtCore: isAtCore)
        let here = Set((job.header.gathered ?? []).map(\.edge))
        job.header.placement = plan
        job.header.gathered = job.header.gathered ?? []
        // Before anybody is asked: whoever was asked is told when the job ends.
        try await coordinator.save(job)
        var leftOut: [Name: String] = [:]
        var waiting = plan.chosen.filter { !here.contains($0) }[...]
        await show(job, plan)
        let ask: @Sendable (Name) async throws -> Outcome = { [job] in try await gather($0, job) }
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            for edge in waiting.prefix(Self.width) { group.addTask { try await ask(edge) } }
            waiting = waiting.dropFirst(Self.width)
            while let outcome = try await group.next() {
                switch outcome {
                case .gathered(let share):
                    job.header.gathered?.append(share)
                    try await coordinator.save(job)
                    coordinator.logger(for: job).info(
                        "data gathered",
                        ["edge": share.edge.text, "samples": "\(share.samples)", "bytes": "\(share.bytes)"])
                case .leftOut(let edge, let reason):
                    leftOut[edge] = reason
                    coordinator.logger(for: job).warning(
                        "an edge's data does not come", ["edge": edge.text, "reason": reason])
                }
                await show(job, plan)
                if let edge = waiting.popFirst() { group.addTask { try await ask(edge) } }
            }
        }
        let shares = (job.header.gathered ?? []).count + (isAtCore ? 1 : 0)
        guard shares >= job.spec.minimumClients else {
            let told = leftOut.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            throw FedLearnError(
                "no-data",
                "\(shares) of at least \(job.spec.minimumClients) places let the core have data set '\(try job.dataset)'; "
                    + (told.isEmpty ? "no edge that can be asked has it" : told.joined(separator: "; ")),
                isRetriable: true)
        }
        job.header.leftOut =
            leftOut.isEmpty ? nil : leftOut.map { Absence(edge: $0, reason: $1) }.sorted { $0.edge < $1.edge }
        try await coordinator.save(job)
        return job
    }

    /// The edges that have the data. Nothing is held on them: they do no more than send.
    private func plan(_ job: Job, isAtCore: Bool) async throws -> PlacementPlan {
        while true {
            var plan = try await bus.call(
                PlacementContract.plan, await coordinator.placementRequest(of: job), trace: job.traceID
            ).body
            plan.typeReason = job.header.typeReason ?? plan.typeReason
            let isEnough = plan.chosen.count + (isAtCore ? 1 : 0) >= job.spec.minimumClients
            if plan.pending.isEmpty, isEnough { return plan }
            let dataset = try job.dataset
            await runner.show(job) {
                $0.placement = plan
                $0.set(
                    "Progressing", false, "WaitingForEdges",
                    "\(plan.chosen.count) edges with data set '\(dataset)' can be asked for it",
                    at: runner.now)
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func show(_ job: Job, _ plan: PlacementPlan) async {
        let received = (job.header.gathered ?? []).map(\.edge).sorted()
        var job = job
        job.current = CurrentRound(
            round: job.rounds.count + 1, state: "Gathering", participants: plan.chosen, received: received)
        await runner.show(job) {
            $0.set(
                "Progressing", true, "Gathering", "the data of \(received.count) of \(plan.chosen.count) edges is here",
                at: runner.now)
        }
    }

    /// Has one edge offer its data and fetches it, again after trouble that may pass, for as long as the edge is there.
    private func gather(_ edge: Name, _ job: Job) async throws -> Outcome {
        let order = GatherOrder(
            reference: job.reference(round: job.rounds.count), dataset: try job.dataset,
            name: DatasetName(group: job.path.group, project: job.path.project, name: try job.dataset),
            features: job.spec.features, classes: job.spec.classes, sync: job.spec.sync)
        let transfer = ModelTransfer(bus: bus, trace: job.traceID)
        let patience = RetryPolicy(base: .milliseconds(200), maximum: .seconds(5), attempts: nil)
        var generator = SystemRandomNumberGenerator()
        var attempt = 0
        while true {
            do {
                do { try await bus.ready(PeerID(edge), timeout: job.spec.deadline) } catch {
                    try Task.checkCancellation()
                    return .leftOut(edge, "was not connected for \(job.spec.deadline)")
                }
                let offer = try await bus.call(
                    FedLearnContract.gather, order, to: .peer(PeerID(edge)), timeout: .seconds(600), trace: job.traceID
                ).body
                try check(offer, job)
                let reply = try await transfer.fetch(
                    offer.manifest, from: PeerID(edge), reference: Job.dataPrefix(job.uid) + edge.text,
                    expecting: order.tensors(samples: offer.samples), timeout: .seconds(3600), tags: order.tags)
                let share = GatheredShare(
                    edge: edge, manifest: offer.manifest, samples: offer.samples, bytes: reply.movedBytes)
                _ = try await share.data(transfer, classes: job.spec.classes)
                return .gathered(share)
            } catch let error as any ModuleError where error.isRetriable {
                try Task.checkCancellation()
                coordinator.logger(for: job).debug(
                    "an edge's data is asked for again", ["edge": edge.text], error: error)
                let pause = patience.delay(beforeRetry: min(attempt, 8), using: &generator) ?? .seconds(5)
                attempt += 1
                try await Task.sleep(for: pause)
            } catch let error as any ModuleError {
                return .leftOut(edge, error.message)
            }
        }
    }

    /// - Throws: `FedLearnError` `too-large` for a share that would leave no room for the others.
    private func check(_ offer: GatherOffer, _ job: Job) throws {
        let width = 4 * (job.spec.features + 1)
        let others = (job.header.gathered ?? []).reduce(0) { $0 + $1.samples }
        guard offer.samples > 0, offer.samples <= Self.mostBytes / width - others else {
            throw FedLearnError(
                "too-large",
                "it offers \(offer.samples) samples; with the \(others) that are here, a job may gather "
                    + "\(Self.mostBytes / width) of \(job.spec.features) features")
        }
    }
}
