import Contracts
import Core
import Telemetry

/// What the core remembers of every machine's load.
extension TopologyService {
    /// The core's own name among the machines that are watched; no edge can have it.
    static var coreName: Name {
        get throws { try Name(PeerID.core.text) }
    }

    private static let flushInterval: Duration = .seconds(5)
    /// Old points are looked for every so many transactions.
    private static let pruneEvery = 12

    /// Stores what is new every few seconds, in one transaction for all machines, until cancelled; and once more then.
    func recordHistory() async throws {
        var round = 0
        while true {
            do { try await Task.sleep(for: Self.flushInterval, tolerance: .milliseconds(500)) } catch { break }
            await flushHistory(prunes: round % Self.pruneEvery == 0)
            await flushSeen()
            round += 1
        }
        await flushHistory(prunes: false)
        await flushSeen()
        throw CancellationError()
    }

    /// Stores when edges were last seen, so that the next run of the core tells it of those that do not come back.
    func flushSeen() async {
        let news = table.sites.compactMapValues { $0.lastSeen == storedSeen[$0.name] ? nil : $0.lastSeen }
        do {
            try await storage.save(seen: news)
            storedSeen.merge(news) { $1 }
        } catch { logger.error("when edges were last seen cannot be stored; trying again", error: error) }
    }

    /// Stores what is new. What cannot be stored waits for the next time.
    func flushHistory(prunes: Bool) async {
        let time = wallClock.now()
        // Reports count at most so long before the time at which they come.
        let (entries, givenUp) = recorder.prepare(at: time, grace: LoadTrack.behindTolerance + .seconds(2))
        if givenUp > 0 {
            logger.warning(
                "a part of the load's history is lost, because it cannot be stored", ["rows": String(givenUp)])
        }
        if entries.isEmpty && !prunes { return }
        do {
            try await history.write(entries, pruning: prunes ? recorder.sites : [], now: time)
            recorder.written(entries)
        } catch { logger.error("the load's history cannot be stored; trying again", error: error) }
    }

    /// - Throws: `TopologyError` `not-found` for a machine that is not known, `invalid` for an impossible question.
    func history(_ query: HistoryQuery) async throws -> HistoryReply {
        guard try query.site == Self.coreName || table.sites[query.site] != nil else {
            throw TopologyError.unknownEdge(query.site)
        }
        guard (1...10_000).contains(query.most), query.from < query.to else {
            throw TopologyError(
                "invalid",
                "ask for 1 to 10000 points of a time that begins before it ends, not \(query.most) from "
                    + "\(query.from) to \(query.to)")
        }
        let tier = HistoryReduction.tier(from: query.from, now: wallClock.now())
        let stored = try await history.records(
            of: query.site, tier: tier, from: tier.start(of: query.from.milliseconds), to: query.to.milliseconds)
        // What was written meanwhile is in both; the newer picture counts.
        var records = Dictionary(stored.map { ($0.start, $0) }, uniquingKeysWith: { $1 })
        for record in recorder.unwritten(query.site, tier) { records[record.start] = record }
        return HistoryReduction.points(records.values.sorted { $0.start < $1.start }, tier: tier, query)
    }
}
