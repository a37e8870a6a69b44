import Contracts
import Core
import MessageBus

extension TopologyService {
    /// Listens to what transfers measured, here and at every edge, and answers tests of a link.
    nonisolated func registerLinks() {
        bus.on(DataSyncContract.transferred) { [self] message in await measured(message) }
        let tests = NetTestService(bus: bus, links: links)
        bus.handleStream(TopologyContract.netTest) { [self] request, writer in
            try await tests.run(request.body, of: try await site(named: request.body.edge.text)) { event in
                try await writer.send(event)
            }
        }
    }

    /// Who says so is known from the key of its connection: whatever an edge makes up is of its own links.
    private func measured(_ message: Inbound<TransferMeasure>) {
        if message.peer == .local {
            links.note(message.body, by: nil, sites: knownPeers)
        } else if let edge = try? Name(message.peer.text), !message.peer.isReserved {
            // `try?`: a peer whose identity is no name is no edge.
            links.note(message.body, by: edge, sites: knownPeers)
        }
    }

    private var knownPeers: Set<PeerID> { Set(known.map { PeerID($0) }) }
}
