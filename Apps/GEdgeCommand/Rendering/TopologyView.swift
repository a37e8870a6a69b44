import Contracts
import Core

/// What a snapshot of the topology says of each edge, put together for a person.
struct TopologyView: Sendable {
    struct Edge: Sendable {
        let site: Site
        /// From the core to the edge, and back.
        let down: LinkState?
        let up: LinkState?

        /// The link that says most of round trips: both say the same while both are known.
        var link: LinkState? { down ?? up }
        /// Whether what is known of the link is too old to rely on.
        var isStale: Bool { [down, up].compactMap(\.self).contains(where: \.isStale) }
        var gpus: Int { site.report.machine?.devices.count { $0.kind == .gpu && $0.physicalFunction == nil } ?? 0 }
        /// The phase, and in brackets what an operator ordered.
        var phase: String {
            guard let cordon = site.cordon else { return site.phase.rawValue }
            return "\(site.phase.rawValue) (\(cordon.isDraining ? "draining" : "cordoned"))"
        }
    }

    let time: Timestamp
    let edges: [Edge]
    /// Links between edges.
    let others: [LinkState]

    init(_ snapshot: TopologySnapshot) {
        time = snapshot.time
        var links: [PeerID: [PeerID: LinkState]] = [:]
        for link in snapshot.links { links[link.from, default: [:]][link.to] = link }
        edges = snapshot.sites.map { site in
            let peer = PeerID(site.name)
            return Edge(site: site, down: links[.core]?[peer], up: links[peer]?[.core])
        }
        others = snapshot.links.filter { $0.from != .core && $0.to != .core }
    }

    /// `3 edges, 2 ready`.
    var summary: String {
        let ready = edges.count { $0.site.phase == .ready }
        return "\(edges.count) \(edges.count == 1 ? "edge" : "edges"), \(ready) ready"
    }
}
