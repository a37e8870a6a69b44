import Contracts
public import Core
public import MessageBus
public import Store
public import Telemetry

/// The core's knowledge of its edges: who joined, what they have, whose lease still runs.
public actor TopologyService {
    let bus: Bus
    let logger: Logger
    let wallClock: any WallClock
    let storage: SiteStorage
    private let start = ContinuousClock.now
    private let lease: Duration
    var table: SiteTable
    /// When each edge was last seen, as the database has it.
    var storedSeen: [Name: Timestamp]
    let history: HistoryStorage
    var recorder: HistoryRecorder
    /// Of the core's own machine.
    let sampler: LoadSampler?
    var coreState: CoreState?
    let counters: ReportCounters
    /// What the metrics show of each machine.
    let gauges: LoadGauges
    /// Announcements, in the order in which the table changed.
    private let changes: AsyncStream<Site>
    private let announce: AsyncStream<Site>.Continuation
    let watchers = ChangeFeed<Name, Site>()
    nonisolated let links: LinkKeeper

    /// Loads the sites of the run before; those that were ready get twice the lease to reconnect.
    /// - Parameters:
    ///   - directory: where the core keeps its state, to watch the core's own machine as well; `nil` not to.
    ///   - lease: how long an edge counts as ready after its last report.
    public init(
        bus: Bus, database: Database, directory: String? = nil, lease: Duration = .seconds(6),
        wallClock: any WallClock = SystemWallClock(), logger: Logger, metrics: MetricsRegistry = MetricsRegistry()
    ) async throws {
        self.bus = bus
        self.lease = lease
        self.wallClock = wallClock
        self.logger = logger.with(["service": "topology"])
        storage = SiteStorage(database: database)
        let known = try await storage.load()
        table = SiteTable(known: known, now: .zero, lease: lease, grace: lease * 2)
        storedSeen = Dictionary(uniqueKeysWithValues: known.map { ($0.name, $0.lastSeen) })
        history = HistoryStorage(database: database)
        recorder = HistoryRecorder()
        for site in try known.map(\.name) + [Self.coreName] {
            recorder.resume(site, try await history.unfinished(of: site))
        }
        sampler = directory.map { LoadSampler(directory: $0) }
        counters = ReportCounters(metrics)
        gauges = LoadGauges(metrics, wallClock: wallClock)
        links = try await LinkKeeper(database: database, wallClock: wallClock, logger: self.logger)
        (changes, announce) = AsyncStream.makeStream()
    }

    /// Registers the calls this service answers. Call before the bus runs.
    public nonisolated func register() {
        bus.handle(TopologyContract.join) { [self] request in try await join(request) }
        // Of a thousand edges each reports every second: answered where the sockets are.
        bus.handle(TopologyContract.report, execution: .inline) { [self] request in try await report(request) }
        bus.handle(TopologyContract.history) { [self] (request: Inbound<HistoryQuery>) -> HistoryReply in
            try await history(request.body)
        }
        bus.handle(TopologyContract.loads) { [self] (request: Inbound<LoadsQuery>) -> LoadsReply in
            try await loads(request.body)
        }
        bus.handle(TopologyContract.heartbeat) { [self] request in try await heartbeat(request) }
        bus.handle(TopologyContract.leave) { [self] (request: Inbound<Empty>) -> Empty in
            try await end(Self.edge(request), .left)
            return Empty()
        }
        bus.handle(TopologyContract.snapshot) { [self] (_: Inbound<Empty>) -> TopologySnapshot in await snapshot() }
        bus.handleStream(TopologyContract.snapshotParts) { [self] _, writer in
            try await snapshot().forEachPart { part in try await writer.send(part) }
        }
        bus.handle(TopologyContract.cordon) { [self] (request: Inbound<CordonRequest>) -> Empty in
            try await cordon(request.body)
            return Empty()
        }
        registerResource()
        registerLinks()
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
            group.addTask { [self] in try await recordHistory() }
            group.addTask { [self] in try await watchCore() }
            group.addTask { [links] in try await links.run() }
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
        storedSeen[name] = nil
        gauges.remove(name)
        recorder.remove(name)
        try await history.delete(name)
        watchers.finish(name)
        links.forget(name)
    }

    private func snapshot() -> TopologySnapshot {
        let (time, sites) = (wallClock.now(), table.all(now: now))
        return TopologySnapshot(
            time: time, sites: sites, links: links.states(of: sites, at: time), core: coreState)
    }

    /// Every edge that ever joined and was not deleted.
    var known: some Sequence<Name> { table.sites.keys }

    func sites(named name: String?) throws -> [Site] { try name.map { [try site(named: $0)] } ?? table.all(now: now) }

    func site(named name: String) throws -> Site {
        guard let site = table.site(named: name, now: now) else { throw TopologyError.unknownEdge(name) }
        return site
    }

    // MARK: - Changes

    var now: Duration { start.duration(to: .now) }

    private func join(_ request: Inbound<SiteReport>) async throws -> JoinReply {
        let name = try Self.edge(request)
        try Self.check(request.body.taints ?? [])
        if let fault = SitePlausibility.fault(request.body) {
            throw TopologyError(
                "invalid",
                "the core does not admit edge '\(name)' with what it says of itself: \(fault); correct its file, or upgrade it"
            )
        }
        let site = table.join(name, request.body, now: now, time: wallClock.now())
        try await storage.save(site)
        logger.info("edge joined", ["edge": name.text, "threads": String(site.report.hardware.threads)])
        announce.yield(site)
        note(name, table.tracks[name]?.state.lastRefusal.map { .refused($0) } ?? .taken)
        return JoinReply(leaseSeconds: lease.seconds, takesUpdates: true)
    }

    private func heartbeat(_ request: Inbound<LoadReport>) async throws -> JoinReply {
        let name = try Self.edge(request)
        let (outcome, changed) = try table.heartbeat(name, request.body, now: now, time: wallClock.now())
        note(name, outcome)
        if let changed { try await isBack(changed) }
        return JoinReply(leaseSeconds: lease.seconds)
    }

    private func report(_ request: Inbound<LoadUpdate>) async throws -> LoadReply {
        let name = try Self.edge(request)
        if let probes = request.body.probes { links.note(probes, of: name) }
        let (outcome, changed) = try table.report(name, request.body, now: now, time: wallClock.now())
        note(name, outcome)
        if let changed { try await isBack(changed) }
        var reply = LoadReply(leaseSeconds: lease.seconds, needsAll: outcome == .baseless)
        if case .refused(let reason) = outcome {
            reply.needsAll = true
            reply.refusal = reason
        }
        return reply
    }

    /// Counts a report, and remembers the load when it is news.
    private func note(_ name: Name, _ outcome: LoadTrack.Outcome) {
        counters.count(outcome)
        guard outcome == .taken, let track = table.tracks[name] else { return }
        recorder.add(track.load, of: name, at: track.state.measured)
        if let site = table.sites[name] {
            gauges.set(name, load: track.load, hardware: site.report.hardware, measured: track.state.measured)
        }
    }

    private func isBack(_ site: Site) async throws {
        logger.info("edge is back", ["edge": site.name.text])
        try await storage.save(site)
        announce.yield(site)
    }

    /// Safe to repeat: it is stored whether or not it is news, because an earlier try may not have got so far.
    private func cordon(_ request: CordonRequest) async throws {
        let name = request.edge
        let before = table.sites[name]?.cordon
        let news = try table.cordon(name, request.action, time: wallClock.now())
        do { try await storage.save(table.sites[name]?.cordon, of: name) } catch {
            table.restore(before, of: name)
            throw error
        }
        guard let news else { return }
        logger.notice("edge \(request.action.rawValue)", ["edge": name.text])
        announce.yield(table.sites[name] ?? news)
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

    /// - Throws: `TopologyError` `invalid` for taints that an edge of ours would not have sent.
    private static func check(_ taints: [Taint]) throws(TopologyError) {
        guard taints.count <= Taint.maximumCount else {
            throw TopologyError(
                "invalid",
                "an edge has at most \(Taint.maximumCount) taints, not \(taints.count); remove some from its file")
        }
        if let fault = taints.lazy.compactMap(\.fault).first {
            throw TopologyError("invalid", "\(fault); correct the taints in the edge's file")
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
