import Contracts
import Core
public import MessageBus
public import Telemetry

/// Answers where a job should run, from the live topology.
public struct PlacementService: Sendable {
    private let bus: Bus
    private let logger: Logger

    public init(bus: Bus, logger: Logger) {
        self.bus = bus
        self.logger = logger.with(["service": "placement"])
    }

    /// Registers the calls this service answers. Call before the bus runs.
    public func register() {
        bus.handle(PlacementContract.plan) { [bus, logger] (request: Inbound<PlacementRequest>) -> PlacementPlan in
            let sites = try await bus.call(TopologyContract.snapshot, Empty(), trace: request.trace).body.sites
            let plan = PlacementEngine.plan(request.body, sites: sites)
            logger.debug(
                "planned",
                [
                    "job": request.body.job.text, "type": plan.trainingType.rawValue,
                    "chosen": plan.chosen.map(\.text).joined(separator: ","),
                ])
            return plan
        }
    }
}
