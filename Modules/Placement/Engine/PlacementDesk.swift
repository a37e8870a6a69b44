import Contracts
import Core

/// Reservations and the queue for them: the state machine behind `placement.reserve`. A value without clock or I/O; each call
/// is one step, so whoever calls from one actor never gives the same room away twice.
///
/// A job *waits* until all that its plan takes is free at once. Then it *holds* that until it is released, its lease ends, or it
/// asks again: for the next round it keeps, moves or, when it was told to give way, loses it. Nothing is taken from a job
/// between two of its questions, and no job holds something while it waits for more.
struct PlacementDesk: Sendable {
    private(set) var book: ReservationBook
    private var queue = WaitingQueue()
    /// How long a reservation lasts after its job was heard of.
    let lease: Duration

    /// What a step changed, to be stored before its result is told.
    struct Change: Sendable {
        var held: [Reservation] = []
        var released: [String] = []
        var isEmpty: Bool { held.isEmpty && released.isEmpty }

        fileprivate mutating func hold(_ reservation: Reservation) {
            held.append(reservation)
            released.removeAll { $0 == reservation.jobUID }
        }
    }

    /// - Parameter reservations: of the run before; their jobs get two leases to be heard of.
    init(_ reservations: [Reservation] = [], lease: Duration, now: Timestamp) {
        self.lease = lease
        let grace = now.advanced(by: lease * 2)
        book = ReservationBook(
            reservations.map { old in
                var reservation = old
                reservation.expires = grace
                return reservation
            })
    }

    /// How many jobs wait.
    var waiting: Int { queue.count }

    // MARK: Steps

    /// Where the job would run now, with what the jobs before it in the queue would take left to them.
    func plan(_ request: PlacementRequest, _ context: PlacementContext) throws -> PlacementPlan {
        try decide(request, context, waited: PlacementEngine.patience)
    }

    /// Where the job runs for its next round. A complete plan is held.
    mutating func reserve(
        _ request: PlacementRequest, _ context: PlacementContext
    ) throws -> (plan: PlacementPlan, change: Change) {
        var change = expire(now: context.now)
        if book[request.jobUID]?.eviction != nil { release(request.jobUID, &change) }
        let waited = book[request.jobUID] == nil ? queue.ask(request, now: context.now) : .zero
        var plan = try decide(request, context, waited: waited)
        if Self.isComplete(plan, request) {
            queue.remove(request.jobUID)
            let reservation = reservation(request, plan.chosen, plan.prediction, context)
            book.hold(reservation)
            change.hold(reservation)
        } else if plan.pending.isEmpty {
            // Whoever held on to a part while waiting for the rest could keep another from its rest for ever.
            release(request.jobUID, &change)
            // A job that no room helps is in nobody's way.
            if plan.wait == nil || plan.wait?.isForever == true {
                queue.remove(request.jobUID)
            } else if let jobs = try makeRoom(for: request, context, &change) {
                plan.wait?.reason += "; \(EdgeAssessor.list(jobs)) will give way at the end of the round"
            }
        }
        return (plan, change)
    }

    /// These jobs are alive.
    mutating func renew(_ uids: [String], now: Timestamp) {
        for uid in uids { book.renew(uid, until: now.advanced(by: lease)) }
    }

    /// These jobs have ended.
    mutating func release(_ uids: [String]) -> Change {
        for uid in uids {
            queue.remove(uid)
            book.release(uid)
        }
        // Also what is not held: nothing of it is to stay stored.
        return Change(released: uids)
    }

    /// Ends what was not renewed, and forgets who no longer asks.
    mutating func expire(now: Timestamp) -> Change {
        queue.expire(now: now)
        return Change(released: book.expire(now: now).map(\.jobUID))
    }

    private mutating func release(_ uid: String, _ change: inout Change) {
        if book.release(uid) != nil { change.released.append(uid) }
    }

    private func reservation(
        _ request: PlacementRequest, _ edges: [Name], _ prediction: PlacementPrediction?, _ context: PlacementContext
    ) -> Reservation {
        Reservation(
            jobUID: request.jobUID, job: request.job, group: request.group, priority: request.priority,
            edges: edges, demand: request.demand, isExclusive: request.isExclusive,
            since: book[request.jobUID]?.since ?? context.now, expires: context.now.advanced(by: lease),
            predictedEnd: prediction.map { context.now.advanced(by: .seconds(min($0.totalSeconds, 1e9))) })
    }

    // MARK: Decisions

    static func isComplete(_ plan: PlacementPlan, _ request: PlacementRequest) -> Bool {
        plan.wait == nil && plan.pending.isEmpty && !plan.chosen.isEmpty && plan.chosen.count >= request.minimumEdges
    }

    private func decide(
        _ request: PlacementRequest, _ context: PlacementContext, waited: Duration
    ) throws -> PlacementPlan {
        var context = context
        context.book = book
        // A job that runs has had its turn.
        if book[request.jobUID] == nil {
            let (first, count) = queue.before(request)
            if count > first.count {
                return PlacementPlan(
                    trainingType: request.declaredType ?? .federated, typeReason: "not looked at yet", decisions: [],
                    policy: request.policy,
                    wait: PlacementWait(reason: "\(count) jobs are before it", retrySeconds: Self.pause(behind: count)))
            }
            for other in first {
                let outcome = try PlacementEngine.decide(
                    other.request, context, waited: other.waited(at: context.now))
                if outcome.isComplete(other.request) {
                    context.book.hold(reservation(other.request, outcome.chosen, nil, context))
                } else if outcome.wait == .quota, other.request.group == request.group,
                    other.waited(at: context.now) > PlacementEngine.patience
                {
                    // What its group gives back goes to this one first; other groups have nothing to do with it.
                    return PlacementPlan(
                        trainingType: request.declaredType ?? .federated, typeReason: "not looked at yet",
                        decisions: [], policy: request.policy,
                        wait: PlacementWait(
                            reason:
                                "job '\(other.request.job)' is before it and waits for the quota of group '\(request.group)'",
                            retrySeconds: 1))
                } else if outcome.wait == .room, other.waited(at: context.now) > PlacementEngine.patience {
                    // Small jobs that come later must not keep a large one from ever finding enough at once: it lays a claim
                    // to every edge that it could use.
                    let edges = outcome.chosen + outcome.survey.full.map(\.name)
                    context.book.hold(reservation(other.request, edges.sorted(), nil, context))
                }
            }
        }
        return try PlacementEngine.plan(request, context, waited: waited)
    }

    /// Ten thousand jobs that wait ask five hundred times a second in all; well below the silence at which the queue forgets.
    private static func pause(behind count: Int) -> Double { min(20, 5 + Double(count) / 600) }

    /// Tells jobs of lower priority to give way, as few as will do, the lowest and youngest first.
    /// - Returns: the names of those that were told, or had been before; `nil` when it would not help.
    private mutating func makeRoom(
        for request: PlacementRequest, _ context: PlacementContext, _ change: inout Change
    ) throws -> [String]? {
        let reason = "job '\(request.job)' has priority \(request.priority)"
        let told = book.all.filter { $0.eviction == reason }
        if !told.isEmpty { return told.map(\.job.text) }
        let lower = book.all.filter { $0.priority < request.priority && $0.eviction == nil }
            .sorted { ($0.priority, $1.since, $0.jobUID) < ($1.priority, $0.since, $1.jobUID) }
        guard !lower.isEmpty else { return nil }
        var trial = context
        func fits(_ book: ReservationBook) throws -> Bool {
            trial.book = book
            return try PlacementEngine.decide(request, trial, waited: PlacementEngine.patience).isComplete(request)
        }
        var rest = book
        var victims: [Reservation] = []
        var isEnough = false
        for victim in lower where !isEnough {
            rest.release(victim.jobUID)
            victims.append(victim)
            isEnough = try fits(rest)
        }
        guard isEnough else { return nil }
        for victim in victims {
            var spared = rest
            spared.hold(victim)
            guard try fits(spared) else { continue }
            rest = spared
            victims.removeAll { $0.jobUID == victim.jobUID }
        }
        // Without any it fits as soon as it has waited long enough.
        guard !victims.isEmpty else { return nil }
        for victim in victims {
            book.evict(victim.jobUID, reason)
            if let evicted = book[victim.jobUID] { change.hold(evicted) }
        }
        return victims.map(\.job.text)
    }
}
