import Core
import Contracts
import Foundation

@testable import Topology

/// Machines that hwloc's own tools described, or that were written by hand in their form.
enum MachineData {
    static func bytes(_ name: String) throws -> [UInt8] {
        let url = Bundle.module.url(forResource: name, withExtension: "xml", subdirectory: "Data")
        guard let url else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: url))
    }

    static func machine(_ name: String) throws -> Machine { try MachineDiscovery.machine(xml: bytes(name)) }

    static func settings(_ cpu: String, memory: String = "0") throws -> ReservedSettings {
        guard let cpu = Quantity(cpu), let memory = ByteCount(memory) else { throw CocoaError(.formatting) }
        return ReservedSettings(cpu: cpu, memory: memory)
    }
}

extension MachineData {
    static let settingsOfOneCPU = ReservedSettings(cpu: Quantity("1") ?? .zero)
}
