import Contracts
import Core
import MessageBus
import Telemetry

/// Asks one edge to train one round, again after every reconnection, until cancelled.
struct Asking: Sendable {
    let bus: Bus
    let edge: Name
    let order: TrainOrder
    let trace: TraceID
    let logger: Logger

    private var peer: PeerID { PeerID(edge) }

    /// Tells `mailbox` if the edge refuses for good.
    func run(_ mailbox: AsyncStream<RoundEvent>.Continuation) async {
        let retry = RetryPolicy(base: .milliseconds(100), maximum: .seconds(2), attempts: nil)
        while !Task.isCancelled {
            // Listen before asking, so that a connection lost in between is not missed.
            let events = bus.peerEvents()
            do {
                try await bus.ready(peer, timeout: .seconds(order.deadlineSeconds))
                _ = try await bus.call(
                    FedLearnContract.train, order, to: .peer(peer), timeout: .seconds(order.deadlineSeconds),
                    retry: retry, trace: trace)
            } catch let error as any ModuleError where !error.isRetriable {
                if Task.isCancelled { return }
                logger.warning("an edge cannot train", ["edge": edge.text], error: error)
                mailbox.yield(.declined(edge, Failure(error)))
                return
            } catch {
                if Task.isCancelled { return }
                logger.debug("asking an edge again", ["edge": edge.text], error: error)
                continue
            }
            for await event in events {
                if case .disconnected(peer, _) = event { break }
            }
        }
    }
}
