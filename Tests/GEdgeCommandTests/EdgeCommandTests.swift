import Contracts
import Core
import MessageBus
import Synchronization
import Testing

@testable import GEdgeCommand

@Suite struct EdgeCommandTests {
    @Test func cordonDrainAndUncordonSayWhatTheyDid() async throws {
        let core = try FakeCore()
        let asked = Mutex<[CordonRequest]>([])
        core.bus.handle(TopologyContract.cordon) { (request: Inbound<CordonRequest>) -> Empty in
            guard request.body.edge.text == "edge-1" else { throw FakeCore.notFound(.edge, request.body.edge.text) }
            asked.withLock { $0.append(request.body) }
            return Empty()
        }
        try await core.serving {
            #expect(await core.gedge("edge", "cordon", "edge-1").output == "edge/edge-1 cordoned\n")
            #expect(await core.gedge("edge", "drain", "edge/edge-1").output == "edge/edge-1 draining\n")
            #expect(await core.gedge("edge", "uncordon", "edge-1").output == "edge/edge-1 uncordoned\n")
            #expect(await core.gedge("edge", "cordon", "edge-9").code == .notFound)
            #expect(await core.gedge("edge", "cordon", "job/digits").code == .usage)
        }
        #expect(asked.withLock { $0.map(\.action) } == [.cordon, .drain, .uncordon])
    }
}
