import Contracts
import Core
import MessageBus
import Synchronization
import Telemetry

/// Has the edges that a plan chose fetch the round's model while the job still waits for others; best effort, because a round
/// fetches what is not there.
final class ModelsAhead: Sendable {
    private let bus: Bus
    private let logger: Logger
    /// Edges that were asked.
    private let asked = Mutex<Set<Name>>([])

    init(bus: Bus, logger: Logger) {
        self.bus = bus
        self.logger = logger
    }

    /// Asks the edges that the plan chose now, and tells those that it no longer has.
    /// - Parameter begins: whether there is time: otherwise the round begins at once, and its own order says more.
    func follow(_ plan: PlacementPlan, _ job: Job, begins: Bool) async {
        let chosen = Set(plan.chosen)
        let (new, gone) = asked.withLock { asked in
            let new = begins ? chosen.subtracting(asked) : []
            let gone = asked.subtracting(chosen)
            asked = asked.union(new).subtracting(gone)
            return (new, gone)
        }
        for edge in gone { await Self.cancel(job, at: edge, bus, logger) }
        guard let model = job.nextModel else { return }
        for edge in new.sorted() {
            let request = PrefetchRequest(
                manifest: model, tags: job.tags(.model, round: job.rounds.count + 1),
                maximumBytes: job.architecture.bytes)
            do {
                let reply = try await bus.call(
                    DataSyncContract.prefetch, request, to: .peer(PeerID(edge)), timeout: .seconds(2),
                    trace: job.traceID
                ).body
                logger.info(
                    "a planned edge fetches the model ahead", ["edge": edge.text, "state": reply.state.rawValue])
            } catch {
                logger.debug("a planned edge does not fetch the model ahead", ["edge": edge.text], error: error)
            }
        }
    }

    /// The edge need not fetch the job's model after all.
    static func cancel(_ job: Job, at edge: Name, _ bus: Bus, _ logger: Logger) async {
        guard let model = job.nextModel, bus.isConnected(PeerID(edge)) else { return }
        do {
            _ = try await bus.call(
                DataSyncContract.cancelPrefetch, PrefetchCancellation(manifest: model), to: .peer(PeerID(edge)),
                timeout: .seconds(2), trace: job.traceID)
        } catch {
            logger.debug("an edge could not be told that a model is not wanted", ["edge": edge.text], error: error)
        }
    }
}

extension Job {
    /// The model that the next round starts from.
    fileprivate var nextModel: Digest? { rounds.last?.manifest ?? header.initialManifest }
}
