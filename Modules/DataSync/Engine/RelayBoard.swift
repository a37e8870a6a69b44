import Contracts

/// Who gets what from whom, as the core arranges it: each cloud that wants a manifest is told the one that came before it,
/// so that the core sends one copy and the others pass it on while they receive it. Pure: the clock is passed in.
///
/// A cloud is only ever sent to one that asked before it, so that no circle can form.
struct RelayBoard: Sendable {
    struct Limits: Sendable, Hashable {
        /// How many a holder passes it on to.
        var children = 4
        /// After how long without a word a cloud is no longer taken for a holder.
        var lifetime: Duration = .seconds(600)
        var manifests = 256
        var members = 1024
    }

    private struct Member: Sendable {
        let peer: PeerID
        var upstream: PeerID?
        var seen: ContinuousClock.Instant
    }

    private let limits: Limits
    /// In order of arrival.
    private var members: [Digest: [Member]] = [:]

    init(limits: Limits = Limits()) { self.limits = limits }

    /// Enters `peer` as one that is getting `manifest`.
    /// - Parameters:
    ///   - avoid: those that failed it.
    ///   - canServe: whether a cloud can be connected to at the moment.
    /// - Returns: whom to get it from, or `nil` for the core itself.
    mutating func assign(
        _ manifest: Digest, to peer: PeerID, avoid: Set<PeerID> = [], at now: ContinuousClock.Instant,
        canServe: (PeerID) -> Bool
    ) -> PeerID? {
        forgetOld(now)
        if members[manifest] == nil, members.count >= limits.manifests { forgetLeastRecent() }
        var line = members[manifest] ?? []
        let place = line.firstIndex { $0.peer == peer }
        var children: [PeerID: Int] = [:]
        for member in line where member.peer != peer { if let up = member.upstream { children[up, default: 0] += 1 } }
        var best: (peer: PeerID, children: Int)?
        for member in line[..<(place ?? line.count)] where !avoid.contains(member.peer) {
            let count = children[member.peer] ?? 0
            // Of equals the latest: whoever came before the asker passes on to it alone.
            guard count < limits.children, count <= best?.children ?? .max, canServe(member.peer) else { continue }
            best = (member.peer, count)
        }
        let new = Member(peer: peer, upstream: best?.peer, seen: now)
        if let place {
            line[place] = new
        } else if line.count < limits.members {
            line.append(new)
        }
        members[manifest] = line
        return best?.peer
    }

    /// The cloud is away: nobody is sent to it, and what it got counts for nothing.
    mutating func remove(_ peer: PeerID) {
        for manifest in Array(members.keys) {
            members[manifest]?.removeAll { $0.peer == peer }
            for place in (members[manifest] ?? []).indices where members[manifest]?[place].upstream == peer {
                members[manifest]?[place].upstream = nil
            }
            if members[manifest]?.isEmpty == true { members[manifest] = nil }
        }
    }

    /// Takes a cloud's word that it could not reach its upstream: it gets from the core.
    mutating func detach(_ manifest: Digest, _ peer: PeerID) {
        guard let place = members[manifest]?.firstIndex(where: { $0.peer == peer }) else { return }
        members[manifest]?[place].upstream = nil
    }

    /// Clouds that were entered for a manifest, in order.
    func holders(of manifest: Digest) -> [PeerID] { (members[manifest] ?? []).map(\.peer) }

    private mutating func forgetOld(_ now: ContinuousClock.Instant) {
        for manifest in Array(members.keys) {
            members[manifest]?.removeAll { $0.seen + limits.lifetime < now }
            if members[manifest]?.isEmpty == true { members[manifest] = nil }
        }
    }

    private mutating func forgetLeastRecent() {
        let oldest = members.min { left, right in
            (left.value.map(\.seen).max() ?? left.value[0].seen)
                < (right.value.map(\.seen).max() ?? right.value[0].seen)
        }
        if let oldest { members[oldest.key] = nil }
    }
}
