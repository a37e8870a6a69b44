import Contracts
import MessageBus
import Testing

/// The test of docs/adding-a-message.md, word for word.
@Suite("Adding a message")
struct AddingAMessageTests {
    @Test func censusCountsByPhase() async throws {
        let context = BusContext()
        let core = Bus(configuration: BusConfiguration(identity: .core), context: context)
        let edge = Bus(configuration: BusConfiguration(identity: PeerID("edge-1")), context: context)
        core.handle(TopologyContract.census) { (request: Inbound<CensusRequest>) -> Census in
            Census(sites: ["Ready": request.body.prefix.count])
        }
        let address = try BusAddress("inproc://census")
        try core.listen(address, security: .none)
        try edge.connect(address, as: .core, security: .none)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await core.run() }
            group.addTask { try await edge.run() }
            try await edge.ready(.core)
            let reply = try await edge.call(TopologyContract.census, CensusRequest(prefix: "se"), to: .peer(.core))
            #expect(reply.body.sites == ["Ready": 2])
            group.cancelAll()
        }
    }
}
