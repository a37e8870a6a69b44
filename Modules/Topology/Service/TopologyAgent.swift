public import Contracts
public import Core
public import MessageBus
public import Telemetry

/// An edge's side of the topology: joins the core on every connection and reports its load within the lease.
public struct TopologyAgent: Sendable {
    private let bus: Bus
    private let sampler: LoadSampler
    private let interval: Duration
    private let datasets: [DatasetSummary]
    private let labels: [String: String]
    private let taints: [Taint]
    private let link: LinkReport?
    private let version: String
    private let machine: Machine?
    private let allocatable: Allocatable?
    private let wallClock: any WallClock
    private let logger: Logger

    /// - Parameters:
    ///   - directory: where the daemon keeps its state; its file system and the device below it are watched.
    ///   - interval: between two reports; a short lease makes them more frequent.
    ///   - link: what an operator says of the way to the core.
    ///   - machine: its inside, when that could be read.
    ///   - allocatable: what jobs may have of it.
    public init(
        bus: Bus, directory: String, interval: Duration = .seconds(1), datasets: [DatasetSummary],
        labels: [String: String], taints: [Taint] = [], link: LinkReport? = nil, version: String,
        machine: Machine? = nil,
        allocatable: Allocatable? = nil, wallClock: any WallClock = SystemWallClock(), logger: Logger
    ) {
        self.bus = bus
        sampler = LoadSampler(directory: directory)
        self.interval = interval
        self.datasets = datasets
        self.labels = labels
        self.taints = taints
        self.link = link
        self.version = version
        self.machine = machine
        self.allocatable = allocatable
        self.wallClock = wallClock
        self.logger = logger.with(["service": "topology"])
    }

    /// What the edge is to the core.
    private enum Membership {
        case outside
        /// The reports build on each other.
        case joined(LoadReporter)
        /// The core is of before that, and takes whole loads.
        case joinedWhole
    }

    /// Reports until cancelled.
    public func run() async throws {
        var membership = Membership.outside
        var lastComplaint = ""
        var lastRefusal: String?
        var pause = interval
        var probes = ProbeLog()
        while !Task.isCancelled {
            do {
                try await bus.ready(.core, timeout: .seconds(3600))
                let load = await sampler.load()
                let lease: Double
                switch membership {
                case .outside:
                    (membership, lease) = try await join(load)
                    lastComplaint = ""
                case .joined(var reporter):
                    var update = reporter.update(load, time: wallClock.now())
                    update.probes = probes.report
                    let asked = ContinuousClock.now
                    let reply: LoadReply
                    do {
                        reply = try await bus.call(
                            TopologyContract.report, update, to: .peer(.core), timeout: .seconds(3)
                        ).body
                    } catch let error as BusError where error.is(.deadlineExceeded) {
                        probes.lost()
                        throw error
                    }
                    probes.answered(after: asked.duration(to: .now).seconds)
                    reporter.answered(reply)
                    membership = .joined(reporter)
                    if let refusal = reply.refusal, refusal != lastRefusal {
                        logger.warning("the core does not believe this edge's load", ["reason": refusal])
                    }
                    lastRefusal = reply.refusal
                    lease = reply.leaseSeconds
                case .joinedWhole:
                    lease = try await bus.call(
                        TopologyContract.heartbeat, load, to: .peer(.core), timeout: .seconds(3)
                    ).body.leaseSeconds
                }
                pause = min(interval, .seconds(max(0.2, lease / 4)))
            } catch is CancellationError {
                break
            } catch let error as any ModuleError {
                // The core restarted, the line broke, or this edge is not admitted (any more): join anew once that is over.
                if error.message != lastComplaint {
                    let isOutside = if case .outside = membership { true } else { false }
                    logger.warning(
                        isOutside ? "cannot join the core; trying again" : "lost the core; joining again", error: error)
                    lastComplaint = error.message
                }
                membership = .outside
                pause = .milliseconds(500)
            }
            do { try await Task.sleep(for: pause, tolerance: pause / 10) } catch { break }
        }
    }

    private func join(_ load: LoadReport) async throws -> (Membership, leaseSeconds: Double) {
        let retry = RetryPolicy(base: .milliseconds(200), maximum: .seconds(5), attempts: nil)
        // Whole numbers up to 2^53 survive every reader of JSON.
        let epoch = Int.random(in: 1..<1 << 53)
        let report = SiteReport(
            hardware: MachineProbe().hardware(), datasets: datasets, load: load, labels: labels, version: version,
            taints: taints.isEmpty ? nil : taints, machine: machine, allocatable: allocatable, epoch: epoch,
            link: link)
        let reply = try await bus.call(
            TopologyContract.join, report, to: .peer(.core), timeout: .seconds(5), retry: retry
        ).body
        logger.info("joined the core", ["leaseSeconds": String(reply.leaseSeconds)])
        let membership =
            reply.takesUpdates == true
            ? Membership.joined(LoadReporter(epoch: epoch, joinedWith: load)) : .joinedWhole
        return (membership, reply.leaseSeconds)
    }

    /// Tells the core that this edge stops on purpose. Best effort: the lease covers a lost goodbye.
    public func leave() async {
        guard bus.isConnected(.core) else { return }
        do {
            _ = try await bus.call(TopologyContract.leave, Empty(), to: .peer(.core), timeout: .seconds(1))
        } catch { logger.debug("the goodbye did not arrive", error: error) }
    }
}
