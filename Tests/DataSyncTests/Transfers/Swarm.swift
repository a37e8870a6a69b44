import Contracts
import Core
import MessageBus
import Store
import Synchronization
import Telemetry
import TestKit

@testable import DataSync

/// A core and edges that pass shards on to each other, in one process.
struct Swarm {
    /// Where the clouds find each other.
    enum Network {
        case inproc
        /// TCP on loopback, encrypted.
        case curve
    }

    let directory: TemporaryDirectory
    let core: Cloud
    let edges: [Cloud]

    final class Keys: EnrolledKeys, PeerDirectory {
        let keys: [PeerID: KeyPair]
        private let revoked = Mutex<Set<PeerID>>([])

        init(keys: [PeerID: KeyPair]) { self.keys = keys }

        /// Its connections stay: only its key is struck off the list.
        func revoke(_ peer: PeerID) { revoked.withLock { _ = $0.insert(peer) } }
        func enrolledKey(of peer: PeerID) -> String? {
            revoked.withLock { $0.contains(peer) } ? nil : keys[peer]?.publicKey.z85
        }
        func peer(for key: PublicKey) -> PeerID? { keys.first { $0.value.publicKey == key }?.key }
        var acceptsEnrolment: Bool { false }
    }

    let enrolled: Keys

    static func name(_ number: Int) -> PeerID { PeerID("edge-\(number)") }

    /// - Parameters:
    ///   - silent: edges that others cannot connect to.
    ///   - signs: whether manifests are signed.
    ///   - configure: of each cloud.
    init(
        edges count: Int, network: Network = .inproc, silent: Set<Int> = [], signs: Bool = false,
        configure: (PeerID, inout DataSyncConfiguration) -> Void = { _, _ in }
    ) async throws {
        directory = try TemporaryDirectory("swarm")
        let context = BusContext()
        var keys: [PeerID: KeyPair] = [:]
        for number in 0..<count { keys[Self.name(number)] = try KeyPair.generate() }
        enrolled = Keys(keys: keys)
        let coreKeys = try KeyPair.generate()
        core = try await Cloud.open(
            .core, directory: directory.file("core"), context: network == .inproc ? context : BusContext(),
            part: .core(keys: network == .curve ? enrolled : nil), signingKey: signs ? SigningKey.generate() : nil
        ) {
            $0.relayPatience = .seconds(60)
            configure(.core, &$0)
        }
        let address: BusAddress
        switch network {
        case .inproc: address = try core.bus.listen(BusAddress("inproc://core"), security: .none)
        case .curve:
            address = try core.bus.listen(
                BusAddress("tcp://127.0.0.1:0"), security: .curve(serverKeys: coreKeys, directory: enrolled))
        }
        var edges: [Cloud] = []
        for number in 0..<count {
            let name = Self.name(number)
            let own = network == .inproc ? context : BusContext()
            let exchange: PeerExchange
            switch network {
            case .inproc:
                exchange = try PeerExchange(
                    identity: name, listen: silent.contains(number) ? nil : BusAddress("inproc://\(name)"),
                    security: .none, context: own)
            case .curve:
                exchange = try PeerExchange(
                    identity: name, listen: silent.contains(number) ? nil : BusAddress("tcp://127.0.0.1:0"),
                    security: .curve(keys[name]!))
            }
            let edge = try await Cloud.open(
                name, directory: directory.file(name.text), context: own, part: .edge(exchange),
                signingKey: signs ? SigningKey.generate() : nil
            ) {
                $0.relayPatience = .seconds(60)
                configure(name, &$0)
            }
            switch network {
            case .inproc: try edge.bus.connect(address, security: .none)
            case .curve:
                try edge.bus.connect(
                    address, security: .curve(client: keys[name]!, serverKey: coreKeys.publicKey))
            }
            edges.append(edge)
        }
        self.edges = edges
    }

    /// Runs all of it until `body` returns. Before, every edge has told the core where it is.
    func running(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for cloud in edges + [core] { cloud.run(in: &group) }
            defer { group.cancelAll() }
            for edge in edges { try await edge.bus.ready(.core, timeout: .seconds(60)) }
            let reachable = edges.count { $0.service.exchange?.address != nil }
            while core.service.relays?.reachable.count ?? 0 < reachable { try await Task.sleep(for: .milliseconds(1)) }
            try await body()
        }
    }

    /// Bytes that the core has sent.
    var sent: Int { Int(core.service.metrics.sentBytes.value) }
}

extension Cloud {
    func run(in group: inout ThrowingTaskGroup<Void, any Error>) {
        group.addTask { try await bus.run() }
        group.addTask { try await service.run() }
    }
}
