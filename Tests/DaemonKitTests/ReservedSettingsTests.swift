import Core
import EdgeCloud
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
                "GEDGE_EDGE_RESERVED_CPU": "500m", "GEDGE_EDGE_RESERVED_MEMORY": "512Mi",
                "GEDGE_EDGE_RESERVED_SYSTEM_CPU": "1", "GEDGE_EDGE_RESERVED_SYSTEM_MEMORY": "0.5Gi",
                "GEDGE_EDGE_RESERVED_EVICTION_MEMORY": "100Mi",
            ], flags: nil)
        #expect(settings.reserved.cpu.thousandths == 500)
        #expect(settings.reserved.memory.units == 512 << 20)
        #expect(settings.reserved.system.cpu.thousandths == 1000)
        #expect(settings.reserved.system.memory.units == 512 << 20)
        #expect(settings.reserved.eviction.memory.units == 100 << 20)
        for key in ["cpu", "memory", "system.cpu", "system.memory", "eviction.memory"] {
            #expect(EdgeConfiguration.help["reserved.\(key)"]?.isEmpty == false)
        }
    }

    @Test(arguments: ["-1", "1 core", "512MB", "ten"])
    func whatIsNoAmountIsRefusedByName(text: String) throws {
        let layers = try layers()
        #expect {
            try layers.resolve(file: nil, environment: ["GEDGE_EDGE_RESERVED_MEMORY": text], flags: nil)
        } throws: { "\($0)".contains("500m, 2, 0.5 or 512Mi") }
    }
}
