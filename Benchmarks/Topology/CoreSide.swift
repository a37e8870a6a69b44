import Contracts
import Core
import MessageBus
import Store
import Telemetry
import Topology

/// The core's side alone: its topology service, with the history and the metrics, and a bus.
struct CoreSide: Sendable {
    /// Where the database and the socket lie.
    let directory: String

    /// Serves until a line or the end comes on standard input.
    func run() async throws {
        let database = try await Database.open(
            path: "\(directory)/core.db", migrations: [.topology], logger: .disabled)
        let metrics = MetricsRegistry()
        var configuration = BusConfiguration(identity: .core)
        configuration.lease = .seconds(60)
        let bus = Bus(configuration: configuration, metrics: metrics)
        let service = try await TopologyService(
            bus: bus, database: database, directory: directory, lease: .seconds(60), logger: .disabled,
            metrics: metrics)
        service.register()
        try bus.listen(BusAddress("ipc://\(directory)/core"), security: .none)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.run() }
            group.addTask { try await service.run() }
            let input = ThreadExecutor(name: "input")
            _ = try await input.run { readLine() }
            group.cancelAll()
        }
        await database.close()
    }
}
