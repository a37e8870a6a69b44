import Contracts
import Core
import DaemonKit
import FoundationEssentials
import MessageBus
import Store
import Telemetry

/// Who this edge is and whom it belongs to, since it enrolled. Kept in the state directory beside its key.
struct EdgeIdentity: Codable, Sendable {
    var name: Name
    /// The core that enrolled this edge.
    var coreKey: PublicKey

    /// The identity of earlier, or the one that `token` is traded for.
    static func establish(
        in state: StateDirectory, keys: KeyPair, core: BusAddress, token: JoinToken?, proposedName: Name?,
        logger: Logger
    ) async throws -> EdgeIdentity {
        let path = StatePath.edgeIdentity(in: state.path)
        if let known = try load(path) {
            if let token, token.serverKey != known.coreKey {
                throw DaemonError(
                    "other-core",
                    "\(state.path) belongs to edge '\(known.name)' of another core; start with a state directory of its "
                        + "own to join this one")
            }
            if token != nil {
                logger.notice(
                    "already enrolled; the join token is not needed and was not used", ["edge": known.name.text])
            }
            return known
        }
        guard let token else {
            throw DaemonError(
                "not-enrolled",
                "this edge is not enrolled; make a token on the core with 'gedge token create -o FILE' and start again "
                    + "with --join @FILE")
        }
        let request = EnrolRequest(secret: token.secret.reveal(), proposedName: proposedName)
        let reply = try await Bus.enrol(
            address: core, serverKey: token.serverKey, keys: keys, request: request, timeout: .seconds(10))
        let identity = EdgeIdentity(name: reply.name, coreKey: token.serverKey)
        try DurableFile.write([UInt8](JSONEncoder().encode(identity)), to: path)
        logger.notice("enrolled", ["edge": reply.name.text])
        return identity
    }

    private static func load(_ path: String) throws -> EdgeIdentity? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return try JSONDecoder().decode(EdgeIdentity.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw DaemonError(
                "corrupt",
                "\(path) cannot be read; restore it from a backup, or remove the state directory and enrol again",
                cause: error)
        }
    }
}
