import Contracts
import Core

/// Every site and its lease: state in, changes out, no clock of its own.
///
/// A site is `ready` while its lease runs. `now` is time since an arbitrary start, from a clock that does not jump.
struct SiteTable: Sendable {
    private(set) var sites: [Name: Site] = [:]
    private var leaseEnd: [Name: Duration] = [:]
    let lease: Duration
    let grace: Duration

    /// - Parameters:
    ///   - known: the sites of the run before. Those that were ready may come back within `grace`.
    ///   - lease: how long a report counts.
    init(known: [Site], now: Duration, lease: Duration, grace: Duration) {
        self.lease = lease
        self.grace = grace
        for var site in known {
            if site.phase == .ready || site.phase == .reconnecting {
                site.phase = .reconnecting
                leaseEnd[site.name] = now + grace
            }
            sites[site.name] = site
        }
    }

    /// A site says who it is. Returns the site as it now stands.
    mutating func join(_ name: Name, _ report: SiteReport, now: Duration, time: Timestamp) -> Site {
        let joined = sites[name]?.joined ?? time
        let site = Site(name: name, phase: .ready, report: report, joined: joined, lastSeen: time)
        sites[name] = site
        leaseEnd[name] = now + lease
        return site
    }

    /// A site reports its load. Returns the site if its phase changed.
    /// - Throws: `TopologyError` `join-first` for a site that never joined this core, so that it joins again.
    mutating func heartbeat(
        _ name: Name, _ load: LoadReport, now: Duration, time: Timestamp
    ) throws(TopologyError) -> Site? {
        guard var site = sites[name], site.phase == .ready || site.phase == .lost else {
            throw TopologyError("join-first", "edge '\(name)' must join before it reports its load")
        }
        let changed = site.phase != .ready
        site.phase = .ready
        site.report.load = load
        site.lastSeen = time
        sites[name] = site
        leaseEnd[name] = now + lease
        return changed ? site : nil
    }

    /// The site is gone for the reason that `phase` names. Returns it if that is news.
    mutating func end(_ name: Name, _ phase: SitePhase) -> Site? {
        guard var site = sites[name], site.phase != phase else { return nil }
        site.phase = phase
        sites[name] = site
        leaseEnd[name] = nil
        return site
    }

    /// Ends every lease that has run out. Returns the sites that were lost.
    mutating func expire(now: Duration) -> [Site] {
        var lost: [Site] = []
        for (name, end) in leaseEnd where end <= now {
            if let site = self.end(name, .lost) { lost.append(site) }
        }
        return lost.sorted { $0.name < $1.name }
    }

    mutating func remove(_ name: Name) {
        sites[name] = nil
        leaseEnd[name] = nil
    }

    /// When the next lease ends, or `nil` when none runs.
    var nextExpiry: Duration? { leaseEnd.values.min() }

    var all: [Site] { sites.values.sorted { $0.name < $1.name } }
}
