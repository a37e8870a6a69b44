import Contracts
import Core

/// A topology of any size, in which every kind of edge and link occurs.
struct SampleTopology {
    var count = 3
    var time = Timestamp(milliseconds: 1_750_000_000_000)

    func snapshot() throws -> TopologySnapshot {
        var sites: [Site] = []
        var links: [LinkState] = []
        for index in 0..<count {
            var site = Site(
                name: try Name("edge-\(index + 1)"), phase: index % 7 == 3 ? .lost : .ready,
                report: SiteReport(
                    hardware: Hardware(
                        hostname: "host", architecture: "x86_64", processor: "A <fast> & \"good\" one", threads: 8,
                        memory: 16 << 30),
                    datasets: [DatasetSummary(name: try Name("digits"), samples: 1437, features: 64, classes: 10)],
                    load: LoadReport(cpu: 0.25, availableMemory: 12 << 30, freeDisk: 1 << 40, resident: 1 << 24),
                    labels: ["zone": "seoul"], version: "1"),
                joined: time, lastSeen: time.advanced(by: .seconds(index % 7 == 3 ? -300 : -1)))
            if index % 5 == 1 { site.cordon = Cordon(since: time, isDraining: false) }
            if index == 0 { site.report.taints = [Taint(key: "gpu", value: "only")] }
            sites.append(site)
            if index == 4 { continue }  // Never measured.
            let peer = PeerID(site.name)
            let rate = [1.2e6, 94e6, 812.4e6, 1.25e9][index % 4]
            let isStale = site.phase == .lost
            links.append(
                LinkState(
                    from: .core, to: peer, roundTripSeconds: 0.0004 * Double(index * index + 1), jitterSeconds: 0.0001,
                    bytesPerSecond: rate, loss: index == 2 ? 0.05 : 0, costPerGigabyte: index == 2 ? 0.09 : nil,
                    measured: site.lastSeen, isStale: isStale))
            links.append(
                LinkState(
                    from: peer, to: .core, roundTripSeconds: 0.0004 * Double(index * index + 1),
                    bytesPerSecond: rate / 2,
                    measured: site.lastSeen, isStale: isStale))
        }
        if count > 2 {
            links.append(
                LinkState(
                    from: PeerID("edge-1"), to: PeerID("edge-3"), roundTripSeconds: 0.002, bytesPerSecond: 50e6,
                    measured: time.advanced(by: .seconds(-90))))
        }
        return TopologySnapshot(time: time, sites: sites, links: links)
    }
}
