import Contracts
import Core

/// Every link of which something was measured: state in, `LinkState`s out, no clock.
///
/// Bounded: two directions for each edge with the core, and `peerLimit` directions between edges, of which those that were
/// measured longest ago go first.
struct LinkTable: Sendable {
    struct Key: Codable, Sendable, Hashable, Comparable {
        var from: PeerID
        var to: PeerID

        /// Whether one of its ends is the core, which hears of every heartbeat.
        var isWithCore: Bool { from == .core || to == .core }
        static func < (left: Key, right: Key) -> Bool { (left.from, left.to) < (right.from, right.to) }
    }

    static let peerLimit = 4096
    /// After how long without a heartbeat what is known of a link with the core is not to be relied on.
    static let staleWithCore: Duration = .seconds(60)
    /// The same between edges, which only transfers measure.
    static let staleBetweenEdges: Duration = .seconds(3600)
    /// How far ahead a measurement may be before the clock is taken to have been set back.
    private static let tolerance: Duration = .seconds(60)

    private(set) var links: [Key: LinkEstimator]
    /// What is not stored yet, or still stored.
    private(set) var changed: Set<Key> = []
    /// What came from each edge and cannot be.
    private(set) var refused: [Name: Int] = [:]

    init(_ links: [Key: LinkEstimator] = [:]) { self.links = links }

    // MARK: Measurements

    /// How calls between `edge` and the core went: told of both directions.
    /// - Returns: whether all of it can be.
    mutating func note(_ report: ProbeReport, of edge: Name, at time: Timestamp) -> Bool {
        guard report.roundTrips.count <= ProbeReport.maximumCount,
            (0...ProbeReport.maximumCount).contains(report.unanswered)
        else { return refuse(edge) }
        var isSound = true
        for seconds in report.roundTrips.map(Optional.some) + Array(repeating: nil, count: report.unanswered) {
            for key in [Key(from: .core, to: PeerID(edge)), Key(from: PeerID(edge), to: .core)] {
                isSound = change(key, at: time) { $0.note(roundTrip: seconds, at: time) } && isSound
            }
        }
        return isSound || refuse(edge)
    }

    /// What `edge`, or the core where it is `nil`, received from `measure.peer`.
    /// - Parameter sites: the edges that there are; a link to any other cloud is none.
    /// - Returns: whether that can be.
    mutating func note(
        _ measure: TransferMeasure, by edge: Name?, sites: (PeerID) -> Bool, at time: Timestamp
    ) -> Bool {
        let to = edge.map { PeerID($0) } ?? .core
        let key = Key(from: measure.peer, to: to)
        guard key.from != to, key.from == .core || sites(key.from), to == .core || sites(to) else {
            return edge.map { refuse($0) } ?? false
        }
        makeRoom(for: key)
        let isSound = change(key, at: time) { link in
            // Between edges nobody calls for the sake of nothing: that is the best there is.
            if !key.isWithCore, let first = measure.firstByteSeconds, !link.note(roundTrip: first, at: time) {
                return false
            }
            return link.note(
                bytes: measure.bytes, over: measure.seconds, isLimited: measure.isLimited, at: time)
        }
        return isSound || (edge.map { refuse($0) } ?? false)
    }

    mutating func forget(_ edge: Name) {
        for key in links.keys where key.from == PeerID(edge) || key.to == PeerID(edge) { remove(key) }
        refused[edge] = nil
    }

    /// What is to be stored, and `nil` for what is to be stored no longer; it counts as done from now on.
    mutating func takeChanged() -> [(key: Key, link: LinkEstimator?)] {
        defer { changed = [] }
        return changed.sorted().map { ($0, links[$0]) }
    }

    /// What was not stored after all.
    mutating func putBack(_ keys: some Sequence<Key>) { changed.formUnion(keys) }

    // MARK: States

    /// Every link between clouds that are there, by `from`, then `to`.
    func states(of sites: [Site], at time: Timestamp) -> [LinkState] {
        let costs = Dictionary(
            sites.compactMap { site in site.report.link?.costPerGigabyte.map { (PeerID(site.name), $0) } }
        ) { first, _ in first }
        var keys = Set(links.keys)
        for edge in costs.keys { keys.formUnion([Key(from: .core, to: edge), Key(from: edge, to: .core)]) }
        return keys.sorted().map { state(of: $0, costs, at: time) }
    }

    private func state(of key: Key, _ costs: [PeerID: Double], at time: Timestamp) -> LinkState {
        let link = links[key] ?? LinkEstimator()
        let roundTrip = link.roundTrip
        let measured = [link.probed, link.transferred].compactMap(\.self).max()
        let patience = key.isWithCore ? Self.staleWithCore : Self.staleBetweenEdges
        // What leaves an edge for another crosses the ways of both to the core's network.
        let ends = [key.from, key.to].compactMap { costs[$0] }
        return LinkState(
            from: key.from, to: key.to, roundTripSeconds: roundTrip?.median, jitterSeconds: roundTrip?.spread,
            bytesPerSecond: link.bytesPerSecond, loss: link.loss,
            costPerGigabyte: ends.isEmpty ? nil : ends.reduce(0, +), measured: measured,
            isStale: measured.map { $0.advanced(by: patience) < time } ?? true, bandwidthMeasured: link.transferred)
    }

    // MARK: Changes

    private mutating func refuse(_ edge: Name) -> Bool {
        refused[edge, default: 0] += 1
        return false
    }

    private mutating func change(_ key: Key, at time: Timestamp, _ body: (inout LinkEstimator) -> Bool) -> Bool {
        var link = links[key] ?? LinkEstimator()
        link.drop(after: time.advanced(by: Self.tolerance))
        guard body(&link) else { return false }
        guard link != links[key], link != LinkEstimator() else { return true }
        links[key] = link
        changed.insert(key)
        return true
    }

    private mutating func makeRoom(for key: Key) {
        guard !key.isWithCore, links[key] == nil else { return }
        let others = links.filter { !$0.key.isWithCore }
        guard others.count >= Self.peerLimit else { return }
        let oldest = others.min { left, right in
            (left.value.transferred ?? .distantPast, left.key) < (right.value.transferred ?? .distantPast, right.key)
        }
        if let oldest { remove(oldest.key) }
    }

    private mutating func remove(_ key: Key) {
        links[key] = nil
        changed.insert(key)
    }
}

extension Timestamp {
    fileprivate static let distantPast = Timestamp(milliseconds: .min)
}
