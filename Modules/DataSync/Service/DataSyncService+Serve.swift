import Contracts
import Core
import MessageBus
import Store
import Telemetry

extension DataSyncService {
    /// Asks of one request, and bases and holders it may name.
    private static let maximumAsks = 16_384
    private static let maximumBases = 16
    private static let maximumLists = 4096

    /// A version as it may be served.
    struct Served: Sendable {
        let digest: Digest
        let manifest: Manifest
        /// Otherwise it is still on its way to here.
        let isComplete: Bool
        let terms: TransferTerms
    }

    /// The version, if it is here and `peer` may have it.
    /// - Parameter waits: whether to wait for the manifest of one that is on its way to here.
    /// - Throws: `missing`, `refused`, `deferred` or `paused`.
    func served(_ digest: Digest, to peer: PeerID, waits: Bool = true) async throws -> Served {
        let (isComplete, labels) = try await facts(of: digest, waits: waits)
        let manifest = try await known(digest)
        let terms = try await terms(of: digest, manifest, labels, for: peer)
        guard !board.isPaused(peer) else {
            throw DataSyncError(
                .paused, "an operator paused transfers to '\(peer)'; 'gedge sync resume' lets them go on",
                isRetriable: true)
        }
        return Served(digest: digest, manifest: manifest, isComplete: isComplete, terms: terms)
    }

    /// Whether all of a version's shards are here, or else they are on their way; and what it is said to be.
    /// - Throws: `missing`.
    private func facts(of digest: Digest, waits: Bool) async throws -> (isComplete: Bool, labels: Set<TransferTags?>) {
        while true {
            let signal = arrivals.signal(of: digest)
            let number = signal?.number ?? 0
            let (isComplete, labels) = try await store.read { connection in
                let catalogue = Catalogue(connection: connection)
                return (try catalogue.isComplete(digest), try catalogue.labels(of: digest))
            }
            if let isComplete, isComplete || signal != nil { return (isComplete, labels) }
            // Whoever passes it on may be asked for it before even its manifest came.
            guard waits, isComplete == nil, let signal,
                try await signal.wait(past: number, atMost: configuration.relayPatience)
            else { throw DataSyncError(.missing, "manifest \(digest) is not here, or not all of its shards are") }
        }
    }

    private func terms(
        of digest: Digest, _ manifest: Manifest, _ labels: Set<TransferTags?>, for peer: PeerID
    ) async throws -> TransferTerms {
        if peer == .local || peer == .operator { return TransferTerms() }
        // What lies here for several reasons moves only when the rules let it go for every one of them.
        var decision: TransferDecision?
        for tags in labels.isEmpty ? [nil] : labels {
            let next = try await policy.mayServe(
                TransferAsk(manifest: digest, peer: peer, tags: tags, bytes: manifest.rawBytes))
            decision = decision.map { TransferDecision.stricter($0, next) } ?? next
        }
        switch decision ?? .allow(TransferTerms()) {
        case .allow(let terms): return terms
        case .defer(let until, let rule):
            throw DataSyncError(
                .deferred, "\(rule) holds manifest \(digest) back from '\(peer)' until \(until)", isRetriable: true)
        case .refuse(let rule, let reason):
            logger.notice(
                "a transfer was refused", ["manifest": digest.hex, "peer": peer.text, "rule": rule.description])
            throw DataSyncError(.refused, "\(rule) keeps manifest \(digest) from '\(peer)': \(reason)")
        }
    }

    // MARK: Offer and lists

    /// What opens a fetch.
    func offer(_ request: OfferRequest, to peer: PeerID) async throws -> Outbound<OfferReply> {
        guard request.bases.count <= Self.maximumBases, request.avoid.count <= SourceAssignment.maximumSources else {
            throw DataSyncError(.invalidRequest, "an offer names at most \(Self.maximumBases) bases")
        }
        let served = try await served(request.manifest, to: peer)
        // The first that fits is what the asker takes.
        var bases: [Digest] = []
        for base in request.bases where try await isBase(base, of: served, to: peer) {
            bases = [base]
            break
        }
        var holders: [Holder] = []
        if request.takesHolders, request.along?.isUrgent != true, let relays {
            holders = try await relays.holders(of: request.manifest, for: peer, avoid: Set(request.avoid))
        }
        var reply = OfferReply(bases: bases, holders: holders)
        guard request.needsManifest else { return Outbound(reply) }
        reply.signatures = try await toldSignatures(of: request.manifest)
        var attachments = [Attachment(served.manifest.canonicalBytes)]
        // Where others can pass it on, one copy leaves here.
        if holders.isEmpty, let wish = request.along,
            let (along, bytes) = try await along(wish, served, bases, to: peer)
        {
            reply.along = along
            attachments += bytes
        }
        return Outbound(reply, attachments: attachments)
    }

    /// Whether a version is complete here, `peer` may have it, and shards of it lie as those of what is served do; nobody is
    /// told why not.
    private func isBase(_ digest: Digest, of served: Served, to peer: PeerID) async throws -> Bool {
        do {
            let base = try await self.served(digest, to: peer, waits: false)
            return base.isComplete && served.manifest.places(in: base.manifest) != nil
        } catch is DataSyncError { return false }
    }

    func lists(_ request: ListsRequest, to peer: PeerID) async throws -> Outbound<ListsReply> {
        let served = try await served(request.manifest, to: peer)
        guard request.shards.count <= Self.maximumLists,
            request.shards.allSatisfy(served.manifest.shards.indices.contains)
        else {
            throw DataSyncError(
                .invalidRequest,
                "at most \(Self.maximumLists) lists at a time, of the manifest's \(served.manifest.shards.count) shards"
            )
        }
        let digests = request.shards.map { served.manifest.shards[$0].digest }
        let lists = try await shards.lists(digests)
        return Outbound(
            ListsReply(count: digests.count), attachments: [Attachment(LeafListTable.write(digests.map { lists[$0] }))])
    }

    // MARK: Pull

    /// Sends leaves as fast as the receiver grants room, its turn comes, and the budget has bytes.
    func send(_ message: Inbound<PullRequest>, _ priority: TransferPriority, _ writer: StreamWriter<PullItem>)
        async throws
    {
        let request = message.body
        let peer = message.peer
        let served = try await served(request.manifest, to: peer)
        let shards = served.manifest.shards
        guard request.asks.count <= Self.maximumAsks else {
            throw DataSyncError(.tooLarge, "\(request.asks.count) shards in one request, more than \(Self.maximumAsks)")
        }
        var seen: Set<Int> = []
        let asks = try request.asks.map { ask in
            guard shards.indices.contains(ask.shard), seen.insert(ask.shard).inserted else {
                throw DataSyncError(
                    .invalidRequest,
                    "shard \(ask.shard) is not one of the manifest's \(shards.count), or is asked for twice")
            }
            guard let selection = LeafSelection(ask.leaves, of: shards[ask.shard].leaves) else {
                throw DataSyncError(
                    .invalidRequest, "shard \(ask.shard) has \(shards[ask.shard].leaves) leaves; others were asked for")
            }
            return ShardSender.Ask(index: ask.shard, selection: selection)
        }
        var base: [ShardSpec]?
        // Without it nothing is wrong: whole leaves go, and nobody is told why.
        if let digest = request.base, try await isBase(digest, of: served, to: peer) {
            base = served.manifest.places(in: try await known(digest))
        }
        let record = board.begin(.serving, request.manifest, with: peer, tags: try await tags(of: request.manifest))
        record.count { counters in counters.wanted = asks.reduce(0) { $0 + shards[$1.index].size } }
        record.handle(.ready)
        defer { board.end(record) }
        do {
            try await ShardSender(
                service: self, request: request, peer: peer, served: served, base: base, priority: priority,
                deadline: message.deadline, record: record, writer: writer
            ).send(asks)
            record.handle(.allPresent)
            record.handle(.held)
        } catch {
            record.fail(Failure(error))
            throw error
        }
    }
}

extension Manifest {
    /// Whether shards at the same places of both lie at the same bytes of the same tensors.
    func hasSameLayout(as other: Manifest) -> Bool {
        !tensors.isEmpty && tensors == other.tensors && shards.count == other.shards.count
            && zip(shards, other.shards).allSatisfy {
                $0.entry == $1.entry && $0.offset == $1.offset && $0.size == $1.size
            }
    }
}
