import Contracts
import Core

/// Who holds what: every reservation, and what they add up to. A value, so that a plan can be tried on a copy.
struct ReservationBook: Sendable {
    private(set) var reservations: [String: Reservation] = [:]
    private var taken: [Name: ResourceAmount] = [:]
    /// Hardware threads of an edge that belong to one job alone.
    private var exclusive: [Name: Int] = [:]
    private var jobs: [Name: Int] = [:]
    private var groups: [Name: (amount: ResourceAmount, jobs: Int)] = [:]

    init(_ reservations: [Reservation] = []) {
        for reservation in reservations { hold(reservation) }
    }

    subscript(uid: String) -> Reservation? { reservations[uid] }

    /// By job.
    var all: [Reservation] { reservations.values.sorted { ($0.job, $0.jobUID) < ($1.job, $1.jobUID) } }

    // MARK: Changes

    /// Enters a reservation in place of the one that the job had.
    mutating func hold(_ reservation: Reservation) {
        release(reservation.jobUID)
        reservations[reservation.jobUID] = reservation
        count(reservation, 1)
    }

    /// - Returns: what the job held.
    @discardableResult
    mutating func release(_ uid: String) -> Reservation? {
        guard let old = reservations.removeValue(forKey: uid) else { return nil }
        count(old, -1)
        return old
    }

    mutating func renew(_ uid: String, until expires: Timestamp) {
        guard let old = reservations[uid], old.expires < expires else { return }
        reservations[uid]?.expires = expires
    }

    /// Tells a job to give way.
    mutating func evict(_ uid: String, _ reason: String?) { reservations[uid]?.eviction = reason }

    /// Ends the reservations whose jobs were not heard of.
    mutating func expire(now: Timestamp) -> [Reservation] {
        let ended = all.filter { $0.expires <= now }
        for reservation in ended { release(reservation.jobUID) }
        return ended
    }

    private mutating func count(_ reservation: Reservation, _ sign: Int) {
        let amount = reservation.demand * sign
        for edge in reservation.edges {
            taken[edge, default: ResourceAmount()] += amount
            jobs[edge, default: 0] += sign
            if reservation.isExclusive { exclusive[edge, default: 0] += sign * reservation.demand.milliCPUs / 1000 }
        }
        var group = groups[reservation.group] ?? (ResourceAmount(), 0)
        group.amount += amount * reservation.edges.count
        group.jobs += sign
        groups[reservation.group] = group
    }

    // MARK: Sums

    /// What nobody holds of an edge. Below zero where the edge has become smaller.
    /// - Parameter uid: the job that asks, whose own reservation does not count.
    func free(of site: Site, besides uid: String) -> ResourceAmount {
        var free = site.capacity - (taken[site.name] ?? ResourceAmount())
        if let own = reservations[uid], own.edges.contains(site.name) { free += own.demand }
        return free
    }

    /// Hardware threads of an edge that can still belong to one job alone.
    func freeExclusiveThreads(of site: Site, besides uid: String) -> Int {
        var free = site.exclusiveThreads - (exclusive[site.name] ?? 0)
        if let own = reservations[uid], own.isExclusive, own.edges.contains(site.name) {
            free += own.demand.milliCPUs / 1000
        }
        return free
    }

    /// How many other jobs run on an edge, which share its link.
    func jobs(on edge: Name, besides uid: String) -> Int {
        (jobs[edge] ?? 0) - (reservations[uid]?.edges.contains(edge) == true ? 1 : 0)
    }

    /// The other jobs that hold something of an edge, by name.
    func holders(of edge: Name, besides uid: String) -> [Reservation] {
        all.filter { $0.jobUID != uid && $0.edges.contains(edge) }
    }

    /// What a group holds.
    func held(by group: Name, besides uid: String) -> (amount: ResourceAmount, jobs: Int) {
        var (amount, jobs) = groups[group] ?? (ResourceAmount(), 0)
        if let own = reservations[uid], own.group == group {
            amount -= own.demand * own.edges.count
            jobs -= 1
        }
        return (amount, jobs)
    }
}
