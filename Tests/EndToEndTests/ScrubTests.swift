import Contracts
import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct ScrubTests {
        private static func status(_ cluster: Cluster, _ arguments: String...) async throws -> SyncStatus {
            let text = try await cluster.gedge(["sync", "status", "-o", "json"] + arguments).standardOutput
            return try JSONDecoder().decode(SyncStatus.self, from: Data(text.utf8))
        }

        /// A running core finds a byte that its disk changed, by itself; a pause and a limit outlive it.
        @Test func aFlippedByteIsFoundByADaemonAndOrdersOutliveIt() async throws {
            let cluster = try await Cluster(edges: 1)
            let configuration = try String(contentsOfFile: cluster.directory.file("core.yaml"), encoding: .utf8)
            try cluster.write("core.yaml", "\(configuration)\nscrub: {interval: 1s}\n")
            try await cluster.startAll()
            let file = cluster.directory.file("data/train.csv")
            try await cluster.must("data", "put", file, "demo/digits/train")
            try await cluster.eventually("a first look came to its end") {
                let scrub = try await Self.status(cluster).scrub
                return scrub?.finished != nil && scrub?.damaged == 0 && scrub?.checkedBytes ?? 0 > 0
            }
            let segment = cluster.coreState + "/shards/segments/00000001.seg"
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: segment))
            try handle.seek(toOffset: 100)
            let byte = try #require(try handle.read(upToCount: 1)?.first)
            try handle.seek(toOffset: 100)
            try handle.write(contentsOf: Data([byte ^ 4]))
            try handle.close()
            try await cluster.eventually("the damage is found and told") {
                try await Self.status(cluster).scrub?.waiting == 1
                    && cluster.core?.standardError.contains("damage was found on the disk") == true
            }
            // The same bytes once more make it whole.
            try await cluster.must("data", "put", file, "demo/digits/train")
            try await cluster.eventually("it is whole again") { try await Self.status(cluster).scrub?.waiting == 0 }
            #expect(try await cluster.gedge("data", "verify").status == 0)

            try await cluster.must("sync", "pause", "--peer", "edge-1")
            try await cluster.must("sync", "limit", "3MB", "--peer", "edge-1")
            try await cluster.must("sync", "pause", "--all", "--edge", "edge-1")
            await cluster.killCore()
            await cluster.killEdge("edge-1")
            try await cluster.startCore()
            try await cluster.startEdge("edge-1")
            let core = try await Self.status(cluster)
            #expect(core.pausedPeers.map(\.text) == ["edge-1"] && core.peerLimits.map(\.bytesPerSecond) == [3_000_000])
            try await cluster.eventually("the edge answers") {
                try await Self.status(cluster, "--edge", "edge-1").isPaused
            }
            let signers = [core.signer, try await Self.status(cluster, "--edge", "edge-1").signer]
            #expect(Set(signers.compactMap(\.self)).count == 2 && signers.allSatisfy { $0?.count == 64 })
            _ = await cluster.stop()
        }
    }
}
