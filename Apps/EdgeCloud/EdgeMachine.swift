import Contracts
import Core
import Telemetry
import Topology

/// The machine an edge runs on, and what of it jobs may have.
struct EdgeMachine: Sendable {
    let allocations: MachineAllocations

    var machine: Contracts.Machine { allocations.machine }
    var allocatable: Allocatable { allocations.reservation.allocatable(of: machine) }

    /// Reads the machine on a thread of its own. An edge that cannot look works without: nothing is allocated there.
    /// - Throws: `TopologyError` `invalid` when more is reserved than there is.
    static func look(reserving settings: ReservedSettings, logger: Logger) async throws -> EdgeMachine? {
        let machine: Contracts.Machine
        do {
            machine = try await ThreadExecutor(name: "hwloc").run { try MachineDiscovery.thisMachine() }
        } catch let error as TopologyError {
            logger.warning("the inside of this machine is unknown; nothing is allocated from it", error: error)
            return nil
        }
        let reservation = try Reservation(settings, of: machine)
        return EdgeMachine(allocations: MachineAllocations(machine, reservation: reservation))
    }
}
