import Contracts
import Core
import MessageBus
import Store
import Telemetry

extension DataSyncService {
    /// The data sets here, and what every edge told of its own if that is wanted.
    func catalogue(isEverywhere: Bool) async throws -> CatalogueReply {
        let own = try await ownCatalogue()
        guard isEverywhere else { return CatalogueReply(datasets: own) }
        let told = try await store.read { try EdgeCatalogue(connection: $0).entries() }
        return CatalogueReply(datasets: (own + aged(told)).sorted { ($0.dataset, $0.edge) < ($1.dataset, $1.edge) })
    }

    /// What an edge has: its own answer, or what it told last when it is away.
    func catalogue(of edge: Name) async throws -> CatalogueReply {
        let peer = PeerID(edge)
        if !bus.isConnected(peer) {
            let (told, revision) = try await store.read { connection in
                let table = EdgeCatalogue(connection: connection)
                return (try table.entries(of: edge), try table.revision(of: edge))
            }
            if revision != nil { return CatalogueReply(datasets: aged(told)) }
        }
        var reply = try await bus.call(DataSyncContract.catalogue, CatalogueQuery(), to: .peer(peer)).body
        for index in reply.datasets.indices { reply.datasets[index].edge = edge }
        return reply
    }

    private func aged(_ entries: [CatalogueEntry]) -> [CatalogueEntry] {
        entries.map { entry in
            var entry = entry
            entry.isStale = entry.edge.map { !bus.isConnected(PeerID($0)) }
            return entry
        }
    }

    private func ownCatalogue() async throws -> [CatalogueEntry] {
        try await store.read { try VersionTable(connection: $0).catalogue() }.map { entry in
            var entry = entry
            entry.privacy = policy.privacy(
                of: TransferTags(artefact: entry.artefact, dataset: entry.dataset, records: entry.newest?.records))
            return entry
        }
    }

    /// Remembers what an edge tells of its data sets.
    func take(_ announcement: CatalogueAnnouncement, from peer: PeerID) async throws -> CatalogueReceipt {
        guard announcement.changed.count + announcement.removed.count <= CatalogueAnnouncement.maximumEntries,
            announcement.revision.utf8.count <= 64
        else {
            throw DataSyncError(
                .tooLarge, "an announcement tells of at most \(CatalogueAnnouncement.maximumEntries) data sets")
        }
        let edge = try Name(peer.text)
        return CatalogueReceipt(
            revision: try await store.write { [clock] connection in
                try EdgeCatalogue(connection: connection).apply(announcement, of: edge, now: clock.now())
            })
    }

    // MARK: Telling the core

    /// The least time between two announcements, so that a stream of appends is told of once in a while.
    private static let tellingPause: Duration = .seconds(1)

    /// Tells the core what data sets are here, on every connection and when they change, until cancelled.
    func keepTelling() async throws {
        // What the core has been told; `nil` while that is not known.
        var told: CatalogueDelta.State?
        var number = catalogueChanges.number
        while true {
            if bus.isConnected(.core) {
                do { told = try await tell(told) } catch let error as CancellationError { throw error } catch {
                    told = nil
                    logger.info("the core could not be told which data sets are here; it is tried again", error: error)
                }
            } else {
                told = nil
            }
            try await ContinuousClock().sleep(for: Self.tellingPause)
            _ = try await catalogueChanges.wait(past: number, atMost: told == nil ? .seconds(2) : .seconds(60))
            number = catalogueChanges.number
        }
    }

    /// - Parameter told: what the core knows, as far as that is known here.
    /// - Returns: what it knows now.
    private func tell(_ told: CatalogueDelta.State?) async throws -> CatalogueDelta.State? {
        let current = CatalogueDelta.State(
            try await ownCatalogue().map { ($0.dataset, $0) }, uniquingKeysWith: { $1 })
        if told == nil {
            // It may know already.
            let revision = try CatalogueDelta.revision(of: current)
            let receipt = try await announce(CatalogueAnnouncement(base: revision, revision: revision))
            if receipt.revision == revision { return current }
        }
        for announcement in try CatalogueDelta.announcements(from: told, to: current) {
            guard try await announce(announcement).revision == announcement.revision else { return nil }
        }
        return current
    }

    private func announce(_ announcement: CatalogueAnnouncement) async throws -> CatalogueReceipt {
        try await bus.call(DataSyncContract.announceCatalogue, announcement, to: .peer(.core)).body
    }
}

/// Names first come where there is none.
private func < (left: (DatasetName, Name?), right: (DatasetName, Name?)) -> Bool {
    left.0 == right.0 ? (left.1?.text ?? "") < (right.1?.text ?? "") : left.0 < right.0
}
