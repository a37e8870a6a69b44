import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing

@testable import DataSync

@Suite struct RelayTests {
    /// Eight edges want one model at once: the core sends one copy, and everybody has it.
    @Test(arguments: [Swarm.Network.inproc, .curve])
    func eightReceiversCostTheCoreOneCopy(network: Swarm.Network) async throws {
        let swarm = try await Swarm(edges: 8, network: network) { _, configuration in
            configuration.shardBytes = 64 << 10
            configuration.leafBytes = 8 << 10
            configuration.batchBytes = 256 << 10
        }
        try await swarm.running {
            let tensors = [Bytes.noise(3 << 20, seed: 1), Bytes.noise(1 << 20, seed: 2)]
            let summary = try await swarm.core.publish(tensors, as: "job/1")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for edge in swarm.edges { group.addTask { _ = try await edge.fetch(summary.digest, as: "job/1") } }
                try await group.waitForAll()
            }
            for edge in swarm.edges {
                #expect(try await edge.tensors(of: edge.service.manifest(summary.digest)) == tensors)
            }
            #expect(
                swarm.sent <= summary.rawBytes * 105 / 100, "\(Double(swarm.sent) / Double(summary.rawBytes)) copies")
        }
    }

    /// Edges that nobody can connect to still get everything, and from others.
    @Test func whoCannotBeReachedStillTakesPart() async throws {
        let swarm = try await Swarm(edges: 5, silent: [1, 3])
        try await swarm.running {
            let tensors = [Bytes.noise(200_000, seed: 3)]
            let summary = try await swarm.core.publish(tensors, as: "job/1")
            for edge in swarm.edges { _ = try await edge.fetch(summary.digest, as: "job/1") }
            #expect(swarm.sent <= summary.rawBytes * 105 / 100)
        }
    }

    /// The first in the line stops in the middle: those behind it get the rest elsewhere, and nothing is wrong.
    @Test func aRelayThatDiesIsReplaced() async throws {
        let swarm = try await Swarm(edges: 4) { _, configuration in
            configuration.relayPatience = .milliseconds(200)
            configuration.shardBytes = 32 << 10
            configuration.batchBytes = 64 << 10
        }
        let tensors = [Bytes.noise(6 << 20, seed: 4)]
        try await withThrowingTaskGroup(of: Void.self) { outer in
            // The first edge runs apart from the others, so that it can be stopped alone.
            let first = swarm.edges[0]
            let stop = Signal()
            outer.addTask {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    first.run(in: &group)
                    try await stop.wait(past: 0)
                    group.cancelAll()
                }
            }
            for cloud in swarm.edges.dropFirst() + [swarm.core] { cloud.run(in: &outer) }
            defer { outer.cancelAll() }
            for edge in swarm.edges { try await edge.bus.ready(.core, timeout: .seconds(60)) }
            while swarm.core.service.relays?.reachable.count != 4 { try await Task.sleep(for: .milliseconds(1)) }
            let summary = try await swarm.core.publish(tensors, as: "job/1")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // It is stopped in the middle of this.
                    do { _ = try await first.fetch(summary.digest, as: "job/1") } catch { return }
                }
                while first.service.metrics.receivedBytes.value < 500_000 { await Task.yield() }
                for edge in swarm.edges.dropFirst() {
                    group.addTask { _ = try await edge.fetch(summary.digest, as: "job/1") }
                }
                while swarm.edges[1].service.metrics.receivedBytes.value < 100_000 { await Task.yield() }
                stop.raise()
                try await group.waitForAll()
            }
            for edge in swarm.edges.dropFirst() {
                #expect(try await edge.tensors(of: edge.service.manifest(summary.digest)) == tensors)
            }
        }
    }

    /// A holder that has lost what the core sends others to it for says so, and they get it elsewhere.
    @Test func aHolderThatReleasedItIsPassedOver() async throws {
        let swarm = try await Swarm(edges: 3)
        try await swarm.running {
            let tensors = [Bytes.noise(100_000, seed: 5)]
            let summary = try await swarm.core.publish(tensors, as: "job/1")
            _ = try await swarm.edges[0].fetch(summary.digest, as: "job/1")
            try await swarm.edges[0].release("job/1")
            let reply = try await swarm.edges[1].fetch(summary.digest, as: "job/1")
            #expect(try await swarm.edges[1].tensors(of: reply.manifest) == tensors)
            #expect(swarm.sent >= 2 * summary.rawBytes)
        }
    }

    /// A holder whose disk damaged a shard: what it sends is found out, and the core has the right one.
    @Test func damageAtAHolderIsMendedByTheCore() async throws {
        let swarm = try await Swarm(edges: 2) { _, configuration in configuration.trust = .zero }
        try await swarm.running {
            let tensors = [Bytes.noise(100_000, seed: 6)]
            let summary = try await swarm.core.publish(tensors, as: "job/1")
            let manifest = try await swarm.edges[0].fetch(summary.digest, as: "job/1").manifest
            try await swarm.edges[0].shards.flipBit(manifest.shards[40].digest)
            let reply = try await swarm.edges[1].fetch(summary.digest, as: "job/1")
            #expect(try await swarm.edges[1].tensors(of: reply.manifest) == tensors)
        }
    }

    /// Over TCP an edge admits only whom the core announced, and only by its own key.
    @Test func strangersAreNotAdmitted() async throws {
        let swarm = try await Swarm(edges: 2, network: .curve)
        try await swarm.running {
            let summary = try await swarm.core.publish([Bytes.noise(10_000, seed: 7)], as: "job/1")
            _ = try await swarm.edges[0].fetch(summary.digest, as: "job/1")
            let exchange = try #require(swarm.edges[0].service.exchange)
            let address = try #require(exchange.address)
            let stranger = try PeerExchange(identity: Swarm.name(1), listen: nil, security: .curve(KeyPair.generate()))
            let key = try #require(swarm.core.service.relays?.key(of: Swarm.name(0)))
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await stranger.run() }
                let error = await #expect(throws: BusError.self) {
                    try await stranger.connect(
                        Holder(peer: Swarm.name(0), address: address, key: key), timeout: .seconds(2))
                }
                #expect(error?.code == "refused" || error?.code == "unreachable")
                group.cancelAll()
            }
            // Nobody but the core may announce somebody, and no edge may pass for the core.
            let refused = await #expect(throws: BusError.self) {
                try await swarm.core.bus.call(
                    DataSyncContract.admit, RelayAdmission(peer: .core, key: key, seconds: 60),
                    to: .peer(Swarm.name(0)))
            }
            #expect(refused?.code == "invalid-request")
        }
    }
}
