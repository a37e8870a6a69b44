public import Contracts
public import Core
public import MessageBus
public import Store
import Synchronization
public import Telemetry

/// The core's list of keys: makes single-use tokens, trades them for a place on the list, and strikes keys off it.
///
/// The list is in memory for the authenticator's thread and in the database for the next run. It changes in the database
/// first: an edge that was told it is enrolled is enrolled after any crash, and a token that was used once is used.
public final class EnrolmentService: PeerDirectory {
    private struct State {
        var peers: [PublicKey: Name] = [:]
        /// When the last token expires. Used ones count too, so that whoever tries one again is told why it fails.
        var tokensUntil: Timestamp?
    }

    private let database: Database
    private let serverKey: PublicKey
    private let wallClock: any WallClock
    private let logger: Logger
    private let state: Mutex<State>

    /// Loads the list.
    /// - Parameter serverKey: the core's public key, which every token carries.
    public init(
        database: Database, serverKey: PublicKey, wallClock: any WallClock = SystemWallClock(), logger: Logger
    ) async throws {
        self.database = database
        self.serverKey = serverKey
        self.wallClock = wallClock
        self.logger = logger.with(["service": "enrolment"])
        let rows = try await database.read { connection in
            try connection.query("SELECT public_key, name FROM topology_keys WHERE revoked IS NULL") { row in
                (try row.string(0), try row.string(1))
            }
        }
        var state = State()
        for (text, name) in rows {
            guard let key = PublicKey(z85: text) else {
                throw TopologyError("corrupt", "the database holds a key of '\(name)' that is none; restore a backup")
            }
            state.peers[key] = try Name(name)
        }
        state.tokensUntil = try await database.read { connection in
            try connection.first("SELECT max(expires) FROM topology_tokens") {
                try $0.optionalTimestamp(0)
            } ?? nil
        }
        self.state = Mutex(state)
    }

    /// Registers the calls this service answers. Call before the bus runs.
    /// - Parameter topology: learns of revocations.
    public func register(on bus: Bus, topology: TopologyService) {
        bus.handle(Enrolment.createToken) { [self] (request: Inbound<TokenRequest>) -> TokenReply in
            try Self.requireOperator(request.peer)
            return try await createToken(request.body)
        }
        bus.handle(Enrolment.revoke) { [self] (request: Inbound<RevokeRequest>) -> Empty in
            try Self.requireOperator(request.peer)
            try await revoke(request.body.edge)
            bus.cutOff(PeerID(request.body.edge))
            try await topology.revoked(request.body.edge)
            return Empty()
        }
        bus.onEnrolment { [self] request, key in try await enrol(request.body, key: key) }
    }

    // MARK: - PeerDirectory

    public func peer(for key: PublicKey) -> PeerID? { state.withLock { $0.peers[key].map { PeerID($0) } } }

    /// The key that an edge enrolled with; `nil` for one that did not, or was revoked.
    public func key(of edge: PeerID) -> PublicKey? {
        state.withLock { $0.peers.first { PeerID($0.value) == edge }?.key }
    }

    public var acceptsEnrolment: Bool {
        let now = wallClock.now()
        return state.withLock { $0.tokensUntil.map { $0 > now } ?? false }
    }

    // MARK: - Calls

    /// Edges are peers with a name of their own; whoever reaches the core's own socket directory is its operator.
    private static func requireOperator(_ peer: PeerID) throws {
        guard peer == .local || peer == .operator else {
            throw TopologyError("refused", "'\(peer)' may not manage enrolment; use gedge on the core's own machine")
        }
    }

    func createToken(_ request: TokenRequest) async throws -> TokenReply {
        guard (1...31_536_000).contains(request.lifetimeSeconds) else {
            throw TopologyError(
                "invalid", "a token's lifetime must be 1 second to 365 days, not \(request.lifetimeSeconds) seconds")
        }
        if let edge = request.edge, PeerID(edge).isReserved {
            throw TopologyError("invalid", "'\(edge)' is a name of the platform's own; choose another for the edge")
        }
        if let edge = request.edge, isEnrolled(edge) { throw Self.taken(edge) }
        let token = try JoinToken.generate(serverKey: serverKey)
        let expires = wallClock.now().advanced(by: .seconds(request.lifetimeSeconds))
        let digest = token.secret.digest.hexadecimal
        let name = request.edge?.text
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO topology_tokens (secret_hash, name, expires) VALUES (?, ?, ?)", digest, name,
                expires.milliseconds)
        }
        state.withLock { state in state.tokensUntil = max(state.tokensUntil ?? expires, expires) }
        logger.notice("join token made", ["edge": request.edge?.text ?? "any", "expires": expires.description])
        return TokenReply(token: token.reveal(), expires: expires)
    }

    func enrol(_ request: EnrolRequest, key: PublicKey) async throws -> EnrolReply {
        let digest = try JoinSecret(parsing: request.secret[...]).digest.hexadecimal
        let now = wallClock.now()
        let name = try await database.write { connection in
            let token = try connection.first(
                "SELECT name, expires, used_by FROM topology_tokens WHERE secret_hash = ?", digest
            ) { row in
                (name: try row.optionalString(0), expires: try row.timestamp(1), usedBy: try row.optionalString(2))
            }
            guard let token else {
                throw TopologyError(
                    "unknown-token", "the core does not know this join token; make one with 'gedge token create'")
            }
            if let usedBy = token.usedBy {
                // The same edge again: its first answer was lost.
                if usedBy == key.z85,
                    let name = try connection.first(
                        "SELECT name FROM topology_keys WHERE public_key = ? AND revoked IS NULL", key.z85,
                        row: { try $0.string(0) })
                {
                    return try Name(name)
                }
                throw TopologyError(
                    "token-used", "this join token was used already; make another with 'gedge token create'")
            }
            guard token.expires > now else {
                throw TopologyError(
                    "token-expired",
                    "this join token expired at \(token.expires); make another with 'gedge token create'")
            }
            guard let name = try token.name.map({ try Name($0) }) ?? request.proposedName else {
                throw TopologyError(
                    "invalid", "neither the token nor the edge names the edge; start edge-cloud with --name")
            }
            let isTaken = try connection.first(
                "SELECT 1 FROM topology_keys WHERE name = ? AND revoked IS NULL", name.text, row: { try $0.int(0) })
            guard isTaken == nil, !PeerID(name).isReserved else { throw Self.taken(name) }
            try connection.execute(
                "INSERT INTO topology_keys (public_key, name, enrolled) VALUES (?, ?, ?) "
                    + "ON CONFLICT (public_key) DO UPDATE SET name = excluded.name, enrolled = excluded.enrolled, "
                    + "revoked = NULL", key.z85, name.text, now.milliseconds)
            try connection.execute(
                "UPDATE topology_tokens SET used_by = ? WHERE secret_hash = ?", key.z85, digest)
            return name
        }
        let tokensUntil = try await database.read { connection in
            try connection.first("SELECT max(expires) FROM topology_tokens") {
                try $0.optionalTimestamp(0)
            } ?? nil
        }
        state.withLock { state in
            state.peers[key] = name
            state.tokensUntil = tokensUntil
        }
        logger.notice("edge enrolled", ["edge": name.text, "key": key.z85])
        return EnrolReply(name: name)
    }

    func revoke(_ edge: Name) async throws {
        guard isEnrolled(edge) else { throw TopologyError.unknownEdge(edge) }
        let now = wallClock.now()
        try await database.write { connection in
            try connection.execute(
                "UPDATE topology_keys SET revoked = ? WHERE name = ? AND revoked IS NULL", now.milliseconds, edge.text)
        }
        state.withLock { state in state.peers = state.peers.filter { $0.value != edge } }
        logger.notice("edge revoked", ["edge": edge.text])
    }

    private func isEnrolled(_ edge: Name) -> Bool { state.withLock { $0.peers.values.contains(edge) } }

    private static func taken(_ edge: Name) -> TopologyError {
        TopologyError(
            "name-taken",
            "an edge named '\(edge)' is enrolled; choose another name, or revoke it with 'gedge edge revoke \(edge)'")
    }
}
