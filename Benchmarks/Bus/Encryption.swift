import Contracts
import MessageBus

/// How the two buses of a benchmark talk over tcp on loopback.
enum Encryption: String, CaseIterable {
    case curve
    case plain

    /// Connects two buses, runs both while `body` runs, and stops them.
    func connect<Result: Sendable>(
        _ server: Bus, _ client: Bus, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        let serverKeys = try KeyPair.generate()
        let clientKeys = try KeyPair.generate()
        let directory = OneKeyDirectory(key: clientKeys.publicKey, name: PeerID("client"))
        let (listen, connect): (ListenSecurity, ConnectSecurity) =
            switch self {
            case .curve:
                (
                    .curve(serverKeys: serverKeys, directory: directory),
                    .curve(client: clientKeys, serverKey: serverKeys.publicKey)
                )
            case .plain: (.unencryptedForBenchmarksOnly, .unencryptedForBenchmarksOnly)
            }
        let address = try server.listen(BusAddress("tcp://127.0.0.1:0"), security: listen)
        try client.connect(address, security: connect)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { try await client.run() }
            defer { group.cancelAll() }
            try await client.ready(.core)
            return try await body()
        }
    }
}

/// Admits one key.
struct OneKeyDirectory: PeerDirectory {
    let key: PublicKey
    let name: PeerID
    let acceptsEnrolment = false

    func peer(for key: PublicKey) -> PeerID? { key == self.key ? name : nil }
}
