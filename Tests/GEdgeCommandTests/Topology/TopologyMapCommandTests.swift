import Contracts
import Core
import Foundation
import MessageBus
import TestKit
import Testing

@testable import GEdgeCommand

struct TopologyMapCommandTests {
    private let core: FakeCore

    init() throws { core = try FakeCore() }

    @Test func theTopologyIsATreeATableOrTheSnapshot() async throws {
        let snapshot = try SampleTopology().snapshot()
        core.bus.handleStream(TopologyContract.snapshotParts) { _, writer in
            try await snapshot.forEachPart { part in try await writer.send(part) }
        }
        try await core.serving { [core] in
            let tree = await core.gedge("get", "topology")
            #expect(
                tree.output == """
                    core  3 edges, 3 ready, 2025-06-15T15:06:40.000Z
                    ├─ edge-1  Ready  8 threads · 16.0 GiB, 12.0 GiB free
                    │    link    0.400 ms ± 0.100 ms, 1.2 MB/s to it, 600 kB/s from it, 1s ago
                    │    labels  zone=seoul
                    │    taint   gpu=only:NoSchedule
                    │    data    digits, 1,437 samples, 10 classes
                    ├─ edge-2  Ready (cordoned)  8 threads · 16.0 GiB, 12.0 GiB free
                    │    link    0.800 ms ± 0.100 ms, 94 MB/s to it, 47 MB/s from it, 1s ago
                    │    labels  zone=seoul
                    │    data    digits, 1,437 samples, 10 classes
                    └─ edge-3  Ready  8 threads · 16.0 GiB, 12.0 GiB free
                         link    2.00 ms ± 0.100 ms, 812 MB/s to it, 406 MB/s from it, 5% lost, 0.09 per GB, 1s ago
                         labels  zone=seoul
                         data    digits, 1,437 samples, 10 classes

                    between edges
                    └─ edge-1 → edge-3  2.00 ms, 50 MB/s, 1m30s ago

                    """)
            let table = await core.gedge("get", "topology", "-o", "table").lines
            #expect(table.count == 4)
            #expect(table[0].hasPrefix("EDGE") && table[3].contains("812 MB/s"))
            let json = Data(await core.gedge("get", "topology", "-o", "json").output.utf8)
            let decoded = try JSONDecoder().decode(TopologySnapshot.self, from: json)
            #expect(decoded == snapshot)
            #expect(
                await core.gedge("get", "topology", "-o", "name").lines == [
                    "edge/edge-1", "edge/edge-2", "edge/edge-3",
                ])
            #expect(await core.gedge("get", "topology", "-o", "yaml").output.contains("roundTripSeconds"))
            #expect(await core.gedge("get", "topology", "--machines").output.contains("machine not told"))
        }
    }

    @Test func whatDoesNotGoTogetherIsToldBeforeAnythingIsAsked() async {
        #expect(await core.gedge("get", "topology", "edge-1").code == .usage)
        #expect(await core.gedge("get", "topology", "--watch").code == .usage)
        #expect(await core.gedge("get", "edges", "--machines").code == .usage)
        #expect(await core.gedge("topology", "graph").code == .usage)
        #expect(await core.gedge("topology", "graph", "-o", "map.png").code == .usage)
        #expect(await core.gedge("topology", "graph", "-o", "/nowhere/map.svg").code == .failed)
        #expect(await core.gedge("get", "topology").code == .unreachable)
    }

    @Test func aTopologyOfManyEdgesIsShownAndDrawn() async throws {
        let snapshot = try SampleTopology(count: 1500).snapshot()
        core.bus.handleStream(TopologyContract.snapshotParts) { _, writer in
            try await snapshot.forEachPart { part in try await writer.send(part) }
        }
        try await core.serving { [core] in
            let json = Data(await core.gedge("get", "topology", "-o", "json").output.utf8)
            let decoded = try JSONDecoder().decode(TopologySnapshot.self, from: json)
            #expect(decoded == snapshot)
            #expect(await core.gedge("get", "topology", "-o", "table").lines.count == 1501)
            let map = await core.gedge("topology", "graph", "-o", "-")
            #expect(map.code == .success && map.output.contains(">edge-1500<"))
        }
    }

    @Test func aMapIsWritten() async throws {
        let snapshot = try SampleTopology().snapshot()
        core.bus.handleStream(TopologyContract.snapshotParts) { _, writer in
            try await snapshot.forEachPart { part in try await writer.send(part) }
        }
        try await core.serving { [core] in
            let path = core.directory.file("map.svg")
            #expect(await core.gedge("topology", "graph", "-o", path).code == .success)
            let file = try String(contentsOfFile: path, encoding: .utf8)
            #expect(file == SVGMap(TopologyView(snapshot)).text)
            #expect(await core.gedge("topology", "graph", "-o", "-").output == file)
            let dot = core.directory.file("map.dot")
            #expect(await core.gedge("topology", "graph", "-o", dot).code == .success)
            #expect(try String(contentsOfFile: dot, encoding: .utf8).hasPrefix("digraph topology {"))
        }
    }
}
