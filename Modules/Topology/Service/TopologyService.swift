import Contracts
public import Core
public import MessageBus
public import Store
public import Telemetry

/// The core's knowledge of its edges: who joined, what they have, whose lease still runs.
public actor TopologyService {
    let bus: Bus
    private let storage: SiteStorage
    private let logger: Logger
    private let wallClock: any WallClock
    private let start = ContinuousClock.now
    private let lease: Duration
    private var table: SiteTable
    /// Announcements, in the order in which the table changed.
    private let changes: AsyncStream<Site>
    private let announce: AsyncStream<Site>.Continuation
    let watchers = ChangeFeed<Name, Site>()

    /// Loads the sites of the run before; those that were ready get twice the lease to reconnect.
    /// - Parameter lease: how long an edge counts as ready after its last report.
    public init(
        bus: Bus, database: Database, lease: Duration = .seconds(6), wallClock: any WallClock = SystemWallClock(),
        logger: Logger
    ) async throws {
        self.bus = bus
        self.lease = lease
        self.wallClock = wallClock
        self.logger = logger.with(["service": "topology"])
        storage = SiteStorage(database: database)
        let known = try await storage.load()
        table = SiteTable(known: known, now: .zero, lease: lease, grace: lease * 2)
        (changes, announce) = AsyncStream.makeStream()
    }

    /// Registers the calls this service answers. Call before the bus runs.
    public nonisolated func register() {
        bus.handle(TopologyContract.join) { [self] request in try await join(request) }
        bus.handle(TopologyContract.heartbeat) { [self] request in try await heartbeat(request) }
        bus.handle(TopologyContract.leave) { [self] (request: Inbound<Empty>) -> Empty in
            try await end(Self.edge(request), .left)
            return Empty()
        }
        bus.handle(TopologyContract.snapshot) { [self] (_: Inbound<Empty>) -> TopologySnapshot in await snapshot() }
        registerResource()
    }

    /// Expires leases and announces changes until cancelled.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                for await site in changes {
                    watchers.send(site, for: site.name)
                    await bus.publish(TopologyContract.siteChanged, site)
                }
            }
            group.addTask { [self] in try await expireLeases() }
            group.addTask { [self] in
                for await event in bus.peerEvents() {
                    if case .disconnected(let peer, let reason) = event { await disconnected(peer, reason) }
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// The key of `name` is no longer admitted.
    func revoked(_ name: Name) async throws { try await end(name, .revoked) }

    /// Takes a revoked site off the list.
    func forget(_ name: Name) async throws {
        try await storage.delete(name)
        table.remove(name)
        watchers.finish(name)
    }

    private func snapshot() -> TopologySnapshot { TopologySnapshot(time: wallClock.now(), sites: table.all) }

    func sites(named name: String?) throws -> [Site] { try name.map { [try site(named: $0)] } ?? table.all }

    func site(named name: String) throws -> Site {
        guard let site = table.all.first(where: { $0.name.text == name }) else { throw TopologyError.unknownEdge(name) }
        return site
    }

    // MARK: - Changes

    private var now: Duration { start.duration(to: .now) }

    private func join(_ request: Inbound<SiteReport>) async throws -> JoinReply {
        let site = table.join(try Self.edge(request), request.body, now: now, time: wallClock.now())
        try await storage.save(site)
        logger.info("edge joined", ["edge": site.name.text, "threads": String(site.report.hardware.threads)])
        announce.yield(site)
        return JoinReply(leaseSeconds: lease.seconds)
    }

    private func heartbeat(_ request: Inbound<LoadReport>) async throws -> JoinReply {
        let name = try Self.edge(request)
        if let site = try table.heartbeat(name, request.body, now: now, time: wallClock.now()) {
            logger.info("edge is back", ["edge": name.text])
            try await storage.save(site)
            announce.yield(site)
        }
        return JoinReply(leaseSeconds: lease.seconds)
    }

    private func end(_ name: Name, _ phase: SitePhase) async throws {
        guard let site = table.end(name, phase) else { return }
        try await storage.save(site)
        logger.notice("edge is \(phase.rawValue.lowercased())", ["edge": name.text])
        announce.yield(site)
    }

    private func disconnected(_ peer: PeerID, _ reason: any Error) async {
        // `try?`: a peer whose identity is no name is no edge.
        guard let name = try? Name(peer.text), let site = table.sites[name], site.phase == .ready,
            !bus.isConnected(peer)
        else {
            return  // A command line came and went, an edge had said goodbye, or it has connected anew.
        }
        do { try await end(name, .lost) } catch {
            logger.error(
                "could not record that an edge was lost", ["edge": name.text, "reason": "\(reason)"], error: error)
        }
    }

    private func expireLeases() async throws {
        while true {
            let next = table.nextExpiry ?? now + lease
            try await Task.sleep(for: max(next - now, .milliseconds(50)), tolerance: .milliseconds(50))
            for site in table.expire(now: now) {
                logger.warning("edge is lost: its lease ran out", ["edge": site.name.text])
                announce.yield(site)
                do { try await storage.save(site) } catch {
                    // What is lost in memory only is ready again after a restart, and lost again when it does not return.
                    logger.error("could not record that an edge was lost", ["edge": site.name.text], error: error)
                }
            }
        }
    }

    /// The edge that asks; identity comes from the key of its connection.
    private static func edge(_ request: Inbound<some Sendable>) throws -> Name {
        guard request.peer != .local, request.peer != .core, let name = try? Name(request.peer.text) else {
            throw TopologyError("not-an-edge", "'\(request.peer)' is not an enrolled edge; join from an edge-cloud")
        }
        return name
    }
}
