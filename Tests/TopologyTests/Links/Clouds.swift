import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit

@testable import Topology

extension Database {
    static func topology(in directory: TemporaryDirectory) async throws -> Database {
        try await Database.open(path: directory.file("core.db"), migrations: [.topology], logger: .disabled)
    }
}

/// A core with its topology, and one edge that a test plays, over sockets in this process.
struct Clouds: Sendable {
    let directory: TemporaryDirectory
    let core: Bus
    let edge: Bus
    let name: Name
    let service: TopologyService

    init() async throws {
        directory = try TemporaryDirectory()
        name = try Name("edge-1")
        let context = BusContext()
        core = Bus(configuration: BusConfiguration(identity: .core), context: context)
        edge = Bus(configuration: BusConfiguration(identity: PeerID(name)), context: context)
        service = try await TopologyService(
            bus: core, database: try await .topology(in: directory), logger: .disabled)
        service.register()
    }

    /// Runs both while `body` runs; the edge has joined by then.
    func running(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let address = try BusAddress("inproc://\(directory.path.split(separator: "/").last ?? "clouds")")
        _ = try core.listen(address, security: .none)
        try edge.connect(address, as: .core, security: .none)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for bus in [core, edge] {
                group.addTask {
                    try await bus.run()
                    return false
                }
            }
            group.addTask { [service] in
                try await service.run()
                return false
            }
            group.addTask { [edge] in
                try await edge.ready(.core)
                _ = try await edge.call(TopologyContract.join, .sample, to: .peer(.core))
                try await body()
                return true
            }
            defer { group.cancelAll() }
            while let isDone = try await group.next(), !isDone {}
        }
    }

    func snapshot() async throws -> TopologySnapshot {
        try await core.call(TopologyContract.snapshot, Empty()).body
    }
}
