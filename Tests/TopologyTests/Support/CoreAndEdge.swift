import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit

@testable import Topology

/// A core's topology service and the bus of one edge, connected within the process.
struct CoreAndEdge: Sendable {
    let service: TopologyService
    let core: Bus
    let edge: Bus
    let metrics: MetricsRegistry

    static let edgeName = PeerID("edge-1")

    /// Runs both while `body` runs.
    /// - Parameters:
    ///   - database: the core's, which outlives it.
    ///   - identity: who is connected to the core.
    static func run(
        database: Database, wallClock: any WallClock = SystemWallClock(), lease: Duration = .seconds(120),
        identity: PeerID = edgeName,
        _ body: @Sendable (CoreAndEdge) async throws -> Void
    ) async throws {
        let context = BusContext()
        let metrics = MetricsRegistry()
        func bus(_ identity: PeerID) -> Bus {
            var configuration = BusConfiguration(identity: identity)
            // A machine that is busy with other tests must not end a connection.
            configuration.lease = .seconds(120)
            return Bus(configuration: configuration, context: context, logger: .disabled, metrics: metrics)
        }
        let (core, edge) = (bus(.core), bus(identity))
        let service = try await TopologyService(
            bus: core, database: database, lease: lease, wallClock: wallClock, logger: .disabled,
            metrics: metrics)
        service.register()
        let address = try core.listen(BusAddress("inproc://core"), security: .none)
        try edge.connect(address, security: .none)
        let pair = CoreAndEdge(service: service, core: core, edge: edge, metrics: metrics)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await core.run() }
            group.addTask { try await edge.run() }
            group.addTask { try await service.run() }
            try await edge.ready(.core, timeout: .seconds(60))
            try await body(pair)
            group.cancelAll()
        }
    }

    func join(_ report: SiteReport = .sample) async throws {
        _ = try await edge.call(TopologyContract.join, report, to: .peer(.core), timeout: .seconds(60))
    }

    func site() async throws -> Site {
        let snapshot = try await core.call(TopologyContract.snapshot, Empty()).body
        guard let site = snapshot.sites.first(where: { PeerID($0.name) == Self.edgeName }) else {
            throw TopologyError.unknownEdge(Self.edgeName)
        }
        return site
    }
}
