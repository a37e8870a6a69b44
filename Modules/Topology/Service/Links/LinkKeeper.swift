import Contracts
import Core
import Store
import Synchronization
import Telemetry

/// Keeps what is known of the links: takes measurements, answers with states, and stores what changed in batches.
final class LinkKeeper: Sendable {
    /// What is lost when the daemon is killed: so much of the newest measurements.
    private static let pause: Duration = .seconds(10)

    private let table: Mutex<LinkTable>
    private let storage: LinkStorage
    private let wallClock: any WallClock
    private let logger: Logger

    /// Loads what was measured before the last stop.
    init(database: Database, wallClock: any WallClock, logger: Logger) async throws {
        storage = LinkStorage(database: database)
        table = Mutex(LinkTable(try await storage.load()))
        self.wallClock = wallClock
        self.logger = logger
    }

    /// How an edge's calls to the core went.
    func note(_ report: ProbeReport, of edge: Name) {
        let now = wallClock.now()
        let first = table.withLock { table in
            table.note(report, of: edge, at: now) ? false : table.refused[edge] == 1
        }
        if first { complain(of: edge) }
    }

    /// What an edge received, or the core where `edge` is `nil`.
    func note(_ measure: TransferMeasure, by edge: Name?, sites: Set<PeerID>) {
        let now = wallClock.now()
        let first = table.withLock { table in
            guard !table.note(measure, by: edge, sites: sites.contains, at: now), let edge else { return false }
            return table.refused[edge] == 1
        }
        if first, let edge { complain(of: edge) }
    }

    /// Said once for each edge; how often it happened since is of no use to anybody.
    private func complain(of edge: Name) {
        logger.warning("an edge tells measurements of its links that cannot be; they are not used", ["edge": edge.text])
    }

    func forget(_ edge: Name) { table.withLock { $0.forget(edge) } }

    func states(of sites: [Site], at time: Timestamp) -> [LinkState] {
        table.withLock { $0 }.states(of: sites, at: time)
    }

    /// Stores what changed, every ten seconds and once more at the end.
    func run() async throws {
        do {
            while true {
                try await Task.sleep(for: Self.pause, tolerance: .seconds(1))
                await store()
            }
        } catch {
            await store()
            throw error
        }
    }

    func store() async {
        let changed = table.withLock { $0.takeChanged() }
        guard !changed.isEmpty else { return }
        do { try await storage.save(changed) } catch {
            table.withLock { $0.putBack(changed.map(\.key)) }
            logger.error("measurements of links could not be stored; they are tried again", error: error)
        }
    }
}
