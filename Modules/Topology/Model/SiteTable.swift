import Contracts
import Core

/// Every site and its lease: state in, changes out, no clock of its own.
///
/// A site is `ready` while its lease runs. `now` is time since an arbitrary start, from a clock that does not jump.
struct SiteTable: Sendable {
    private(set) var sites: [Name: Site] = [:]
    private var leaseEnd: [Name: Duration] = [:]
    /// Of the sites that have joined this run of the core.
    private(set) var tracks: [Name: LoadTrack] = [:]
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
    ///
    /// Where the load that it says cannot be, the site counts as fully loaded until it reports one that can.
    mutating func join(_ name: Name, _ report: SiteReport, now: Duration, time: Timestamp) -> Site {
        let track = LoadTrack(report, now: now, time: time)
        var report = report
        report.load = track.load
        let joined = sites[name]?.joined ?? time
        let site = Site(
            name: name, phase: .ready, report: report, joined: joined, lastSeen: time, cordon: sites[name]?.cordon)
        sites[name] = site
        leaseEnd[name] = now + lease
        tracks[name] = track
        return site
    }

    /// A site reports the whole of its load. Returns what became of it, and the site if its phase changed.
    /// - Throws: `TopologyError` `join-first` for a site that never joined this core, so that it joins again.
    mutating func heartbeat(
        _ name: Name, _ load: LoadReport, now: Duration, time: Timestamp
    ) throws(TopologyError) -> (outcome: LoadTrack.Outcome, changed: Site?) {
        try report(name, now: now, time: time) { track, hardware in
            track.receive(whole: load, hardware: hardware, now: now, time: time)
        }
    }

    /// A site reports what changed of its load. Returns what became of it, and the site if its phase changed.
    ///
    /// The lease is renewed whatever becomes of it: an edge that sends nonsense is there.
    /// - Throws: `TopologyError` `join-first` for a site that never joined this core, or joined as another run of its program.
    mutating func report(
        _ name: Name, _ update: LoadUpdate, now: Duration, time: Timestamp
    ) throws(TopologyError) -> (outcome: LoadTrack.Outcome, changed: Site?) {
        guard tracks[name]?.epoch == update.epoch else { throw Self.joinFirst(name) }
        return try report(name, now: now, time: time) { track, hardware in
            track.receive(update, hardware: hardware, now: now, time: time)
        }
    }

    private mutating func report(
        _ name: Name, now: Duration, time: Timestamp, _ receive: (inout LoadTrack, Hardware) -> LoadTrack.Outcome
    ) throws(TopologyError) -> (outcome: LoadTrack.Outcome, changed: Site?) {
        guard var site = sites[name], site.phase == .ready || site.phase == .lost, var track = tracks[name] else {
            throw Self.joinFirst(name)
        }
        let outcome = receive(&track, site.report.hardware)
        tracks[name] = track
        if outcome == .taken { site.report.load = track.load }
        let changed = site.phase != .ready
        site.phase = .ready
        site.lastSeen = time
        sites[name] = site
        leaseEnd[name] = now + lease
        return (outcome, changed ? site : nil)
    }

    private static func joinFirst(_ name: Name) -> TopologyError {
        TopologyError("join-first", "edge '\(name)' must join before it reports its load")
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

    /// An operator keeps work off a site, takes running work off it as well, or lets work on it again. Returns the site if
    /// that is news. Whoever cordons a draining site stops the draining.
    mutating func cordon(
        _ name: Name, _ action: CordonRequest.Action, time: Timestamp
    ) throws(TopologyError) -> Site? {
        guard var site = sites[name] else { throw .unknownEdge(name) }
        let since = site.cordon?.since ?? time
        let cordon: Cordon? =
            switch action {
            case .cordon: Cordon(since: since, isDraining: false)
            case .drain: Cordon(since: since, isDraining: true)
            case .uncordon: nil
            }
        guard site.cordon != cordon else { return nil }
        site.cordon = cordon
        sites[name] = site
        return site
    }

    /// Puts back what a change that could not be stored had replaced.
    mutating func restore(_ cordon: Cordon?, of name: Name) { sites[name]?.cordon = cordon }

    mutating func remove(_ name: Name) {
        sites[name] = nil
        leaseEnd[name] = nil
        tracks[name] = nil
    }

    /// When the next lease ends, or `nil` when none runs.
    var nextExpiry: Duration? { leaseEnd.values.min() }

    /// How long a site's newest load can be relied on.
    var patience: Duration { lease / 2 }

    /// Every site as it is to be told at `now`, by name.
    func all(now: Duration) -> [Site] {
        sites.values.map { told($0, now: now) }.sorted { $0.name < $1.name }
    }

    func site(named name: String, now: Duration) -> Site? {
        sites.values.first { $0.name.text == name }.map { told($0, now: now) }
    }

    private func told(_ site: Site, now: Duration) -> Site {
        var site = site
        site.reporting = tracks[site.name]?.state(now: now, patience: patience)
        return site
    }
}
