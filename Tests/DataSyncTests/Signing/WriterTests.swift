import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import DataSync

/// Who wrote what, as clouds tell each other.
@Suite struct WriterTests {
    private static func tensors(_ seed: UInt64) -> [[UInt8]] { [Bytes.noise(20_000, seed: seed)] }

    /// An edge's manifest goes by the core to other edges, under its writer's signature, until the writer is revoked.
    @Test func theWritersSignatureTravels() async throws {
        let swarm = try await Swarm(edges: 3, network: .curve, signs: true)
        let (core, edges) = (swarm.core, swarm.edges)
        try await swarm.running {
            let writer = try #require(edges[0].service.writers)
            let fromCore = try await core.publish(Self.tensors(1), as: "job/1")
            for edge in edges { _ = try await edge.fetch(fromCore.digest, as: "job/1") }

            let update = try await edges[0].publish(Self.tensors(2), as: "job/2")
            _ = try await core.fetch(update.digest, from: Swarm.name(0), as: "job/2")
            let stored = try await core.database.read {
                try Catalogue(connection: $0).signatures(of: update.digest, first: .core, count: 9)
            }
            #expect(stored.map(\.writer) == [Swarm.name(0)] && stored[0].key == writer.key.verifyingKey)
            let reply = try await edges[1].fetch(update.digest, as: "job/2")
            #expect(try await edges[1].tensors(of: reply.manifest) == Self.tensors(2))
            #expect(
                try await edges[1].service.toldSignatures(of: update.digest)?.map(\.key) == [stored[0].key.hexadecimal])

            // What it writes from now on counts for nobody; what the core verified before still goes to others.
            swarm.enrolled.revoke(Swarm.name(0))
            let late = try await edges[0].publish(Self.tensors(3), as: "job/3")
            let error = await #expect(throws: BusError.self) {
                try await core.fetch(late.digest, from: Swarm.name(0), as: "job/3")
            }
            #expect(error?.code == "unknown-writer")
            #expect(Int(core.service.metrics.refusedSignatures.value) == 1)
            _ = try await edges[2].fetch(update.digest, as: "job/2")
        }
    }

    /// A manifest that an edge signed by a key of its own is not another edge's.
    @Test func theCoreKnowsWhoseKeyItIs() async throws {
        let swarm = try await Swarm(edges: 2, network: .curve, signs: true)
        try await swarm.running {
            let stranger = try SigningKey.generate()
            let query = WriterQuery(manifest: Bytes.digest([7]), key: stranger.verifyingKey.hexadecimal)
            #expect(
                try await swarm.edges[0].bus.call(DataSyncContract.writer, query, to: .peer(.core)).body.writer == nil)
            let own = try #require(swarm.core.service.writers).key.verifyingKey.hexadecimal
            let core = WriterQuery(manifest: Bytes.digest([7]), key: own)
            #expect(
                try await swarm.edges[0].bus.call(DataSyncContract.writer, core, to: .peer(.core)).body.writer == .core)
            let nonsense = await #expect(throws: BusError.self) {
                try await swarm.edges[0].bus.call(
                    DataSyncContract.writer, WriterQuery(manifest: Bytes.digest([7]), key: "x"), to: .peer(.core))
            }
            #expect(nonsense?.code == "invalid-request")
        }
    }

    /// A cloud with a new key signs anew what it wrote, and the core learns the new key.
    @Test func aKeyIsReplaced() async throws {
        let pair = try Pair()
        let tensors = (Self.tensors(4), Self.tensors(5))
        let core = try await pair.core(signingKey: .generate())
        let old = try await pair.edge(signingKey: .generate())
        let (first, second) = try await pair.running(core, old) {
            let summaries = (
                try await old.publish(tensors.0, as: "job/1"), try await old.publish(tensors.1, as: "job/2")
            )
            _ = try await core.fetch(summaries.0.digest, from: PeerID("edge-a"), as: "job/1")
            return summaries
        }
        await old.database.close()
        await core.database.close()
        let again = try Pair(pair.directory)
        let key = try SigningKey.generate()
        let (core2, edge) = (try await again.core(signingKey: .generate()), try await again.edge(signingKey: key))
        try await again.running(core2, edge) {
            #expect(
                try await edge.service.toldSignatures(of: second.digest)?.map(\.key) == [key.verifyingKey.hexadecimal])
            let reply = try await core2.fetch(second.digest, from: PeerID("edge-a"), as: "job/2")
            #expect(try await core2.tensors(of: reply.manifest) == tensors.1)
            // What was verified under the old key is passed on: the core knows whose it was.
            #expect(try await core2.service.manifest(first.digest).rawBytes == first.rawBytes)
            let stored = try #require(try await core2.service.toldSignatures(of: first.digest)?.first)
            let before = try #require(VerifyingKey(hexadecimal: stored.key))
            #expect(before != key.verifyingKey)
            let writers = try #require(core2.service.writers)
            #expect(try await writers.knownWriter(of: before, manifest: first.digest) == PeerID("edge-a"))
            #expect(try await writers.knownWriter(of: before, manifest: Bytes.digest([1])) == nil)
        }
    }

    /// What was here before manifests were signed is signed at the first start that signs.
    @Test func whatWasHereBeforeIsSigned() async throws {
        let pair = try Pair()
        let (core, edge) = (try await pair.core(), try await pair.edge())
        let summary = try await pair.running(core, edge) { try await core.publish(Self.tensors(6), as: "job/1") }
        #expect(try await core.service.toldSignatures(of: summary.digest) == nil)
        await core.database.close()
        await edge.database.close()
        let again = try Pair(pair.directory)
        let (core2, edge2) = (
            try await again.core(signingKey: .generate()), try await again.edge(signingKey: .generate())
        )
        try await again.running(core2, edge2) {
            let reply = try await edge2.fetch(summary.digest, as: "job/1")
            #expect(try await edge2.tensors(of: reply.manifest) == Self.tensors(6))
            let own = try #require(core2.service.writers).key.verifyingKey.hexadecimal
            #expect(try await core2.service.toldSignatures(of: summary.digest)?.map(\.key) == [own])
        }
        // Only once: what comes to be unsigned later is not vouched for.
        try await core2.database.write { try $0.execute("DELETE FROM datasync_signatures") }
        await core2.database.close()
        let third = try await Pair(pair.directory).core(signingKey: .generate())
        #expect(try await third.service.toldSignatures(of: summary.digest) == [])
    }

    /// However a manifest is made, it is signed when it is there.
    @Test func everythingThatIsMadeHereIsSigned() async throws {
        let pair = try Pair()
        let core = try await pair.core(signingKey: .generate())
        let path = pair.directory.file("readings.csv")
        try DurableFile.write(Array("1,2,3\n".utf8), to: path)
        try await running(core) {
            _ = try await core.publish(Self.tensors(7), as: "job/1")
            _ = try await core.service.publish(files: path, as: "files/1")
            let stream = try await core.bus.stream(
                DataSyncContract.ingest,
                IngestRequest(dataset: DatasetName("demo/line/two"), path: path, artefact: .rawData))
            for try await _ in stream {}
            try await core.append("a record\n")
            try await core.append(files: path)
            _ = try await core.service.seal(Cloud.dataset())
            let (all, unsigned) = try await core.database.read { connection in
                (
                    try connection.first("SELECT count(*) FROM datasync_manifests") { try $0.int(0) },
                    try connection.query(
                        """
                        SELECT m.digest FROM datasync_manifests m
                        WHERE NOT EXISTS (SELECT 1 FROM datasync_signatures s WHERE s.manifest = m.digest)
                        """
                    ) { try $0.string(0) }
                )
            }
            // The model, the files (which are the data set's too), and what was appended.
            #expect(try #require(all) >= 3)
            #expect(unsigned == [])
        }
    }
}
