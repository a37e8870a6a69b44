import Core
import EdgeCloud
import Foundation
import Testing
import Topology

/// What an operator writes of `reserved`, as the edge daemon reads it.
@Suite struct ReservedSettingsTests {
    private func layers() throws -> ConfigurationLayers<EdgeConfiguration> {
        try ConfigurationLayers(
            defaults: EdgeConfiguration(stateDirectory: "/state"), environmentPrefix: "GEDGE_EDGE", otherVariables: [])
    }

    @Test func everySettingHasAVariableAndALineOfHelp() throws {
        let settings = try layers().resolve(
            file: nil,
            environment: [
                "GEDGE_EDGE_RESERVED_CPU": "500m", "GEDGE_EDGE_RESERVED_MEMORY": "512MiB",
                "GEDGE_EDGE_RESERVED_SYSTEM_CPU": "1", "GEDGE_EDGE_RESERVED_SYSTEM_MEMORY": "0.5Gi",
                "GEDGE_EDGE_RESERVED_EVICTION_MEMORY": "100Mi",
            ], flags: nil)
        #expect(settings.reserved.cpu.thousandths == 500)
        #expect(settings.reserved.memory.bytes == 512 << 20)
        #expect(settings.reserved.system.cpu.thousandths == 1000)
        #expect(settings.reserved.system.memory.bytes == 512 << 20)
        #expect(settings.reserved.eviction.memory.bytes == 100 << 20)
        for key in ["cpu", "memory", "system.cpu", "system.memory", "eviction.memory"] {
            #expect(EdgeConfiguration.help["reserved.\(key)"]?.isEmpty == false)
        }
    }

    /// Kubernetes' spelling is read, and one way to write it is kept.
    @Test(arguments: ["64Gi", "64GiB", "64 GiB", "65536Mi"])
    func memoryIsWrittenOneWay(text: String) throws {
        let settings = try layers().resolve(
            file: nil, environment: ["GEDGE_EDGE_RESERVED_SYSTEM_MEMORY": text], flags: nil)
        let json = String(decoding: try JSONEncoder().encode(settings.reserved.system), as: UTF8.self)
        #expect(json.contains("\"64GiB\""))
    }

    @Test(arguments: ["-1", "1 core", "500m", "ten"])
    func whatIsNoAmountIsRefusedByName(text: String) throws {
        let layers = try layers()
        #expect {
            try layers.resolve(file: nil, environment: ["GEDGE_EDGE_RESERVED_MEMORY": text], flags: nil)
        } throws: { "\($0)".contains("a size must be a number of bytes such as 4096, 64MiB or 1.5GB") }
    }
}
