public import Contracts
import Core
public import MessageBus
public import Telemetry

/// An edge's side of the topology: joins the core on every connection and reports its load within the lease.
public struct TopologyAgent: Sendable {
    private let bus: Bus
    private let probe: MachineProbe
    private let datasets: [DatasetSummary]
    private let labels: [String: String]
    private let version: String
    private let logger: Logger

    /// - Parameter directory: where the daemon keeps its state; its file system's free space is reported.
    public init(
        bus: Bus, directory: String, datasets: [DatasetSummary], labels: [String: String], version: String,
        logger: Logger
    ) {
        self.bus = bus
        probe = MachineProbe(directory: directory)
        self.datasets = datasets
        self.labels = labels
        self.version = version
        self.logger = logger.with(["service": "topology"])
    }

    /// Reports until cancelled, then says goodbye.
    public func run() async throws {
        var ticks = probe.ticks()
        let retry = RetryPolicy(base: .milliseconds(200), maximum: .seconds(5), attempts: nil)
        var hasJoined = false
        var lastComplaint = ""
        var pause = Duration.seconds(1)
        while !Task.isCancelled {
            do {
                try await bus.ready(.core, timeout: .seconds(3600))
                let load = probe.load(since: &ticks)
                let reply: JoinReply
                if hasJoined {
                    reply = try await bus.call(
                        TopologyContract.heartbeat, load, to: .peer(.core), timeout: .seconds(3)
                    ).body
                } else {
                    let report = SiteReport(
                        hardware: probe.hardware(), datasets: datasets, load: load, labels: labels, version: version)
                    reply = try await bus.call(
                        TopologyContract.join, report, to: .peer(.core), timeout: .seconds(5), retry: retry
                    ).body
                    hasJoined = true
                    lastComplaint = ""
                    logger.info("joined the core", ["leaseSeconds": String(reply.leaseSeconds)])
                }
                pause = .seconds(max(0.2, reply.leaseSeconds / 4))
            } catch is CancellationError {
                break
            } catch let error as any ModuleError {
                // The core restarted, the line broke, or this edge is not admitted (any more): join anew once that is over.
                if error.message != lastComplaint {
                    logger.warning(
                        hasJoined ? "lost the core; joining again" : "cannot join the core; trying again", error: error)
                    lastComplaint = error.message
                }
                hasJoined = false
                pause = .milliseconds(500)
            }
            do { try await Task.sleep(for: pause, tolerance: pause / 10) } catch { break }
        }
    }

    /// Tells the core that this edge stops on purpose. Best effort: the lease covers a lost goodbye.
    public func leave() async {
        guard bus.isConnected(.core) else { return }
        do {
            _ = try await bus.call(TopologyContract.leave, Empty(), to: .peer(.core), timeout: .seconds(1))
        } catch { logger.debug("the goodbye did not arrive", error: error) }
    }
}
