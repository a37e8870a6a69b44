import Contracts

/// Who is served next: pure, so that every order it can produce can be tested.
///
/// 1. A more urgent class comes first, always.
/// 2. Within a class, peers share by deficit round robin (M. Shreedhar, G. Varghese, "Efficient Fair Queuing Using Deficit
///    Round Robin", SIGCOMM '95): each gets `quantum` bytes a round, so that two peers that always want something get the
///    same, up to a quantum and one entry.
/// 3. Among peers that have some of their round left, the earliest deadline comes first, and of equal ones whoever waited
///    longest since its last turn; within a peer the earliest deadline, then the first to come. A peer gains from claiming
///    early deadlines only what is its share.
struct ServeQueue<Ticket: Hashable & Sendable>: Sendable {
    struct Entry: Sendable {
        let ticket: Ticket
        let peer: PeerID
        let priority: TransferPriority
        let deadline: ContinuousClock.Instant?
        /// Bytes.
        let cost: Int
        fileprivate let arrival: UInt64

        fileprivate func precedes(_ other: Entry) -> Bool {
            switch (deadline, other.deadline) {
            case (let mine?, let its?) where mine != its: mine < its
            case (.some, nil): true
            case (nil, .some): false
            default: arrival < other.arrival
            }
        }
    }

    /// What one peer wants, in the order in which it gets it.
    private struct Line {
        var entries: [Entry] = []
        var deficit = 0
        /// The turn in which it was served last.
        var lastTurn: UInt64 = 0
    }

    let quantum: Int
    private var lines: [TransferPriority: [PeerID: Line]] = [:]
    private var arrivals: UInt64 = 0
    private var turn: UInt64 = 0
    private(set) var count = 0

    /// - Parameter quantum: bytes that each peer of a class gets before any of them gets more.
    init(quantum: Int = 1 << 20) {
        precondition(quantum > 0, "a round gives each peer something")
        self.quantum = quantum
    }

    var isEmpty: Bool { count == 0 }

    mutating func push(
        _ ticket: Ticket, peer: PeerID, priority: TransferPriority, deadline: ContinuousClock.Instant? = nil, cost: Int
    ) {
        arrivals += 1
        let entry = Entry(
            ticket: ticket, peer: peer, priority: priority, deadline: deadline, cost: max(1, cost), arrival: arrivals)
        var line = lines[priority, default: [:]][peer] ?? Line()
        let index = line.entries.firstIndex { entry.precedes($0) } ?? line.entries.endIndex
        line.entries.insert(entry, at: index)
        lines[priority, default: [:]][peer] = line
        count += 1
    }

    /// - Returns: whether it waited.
    @discardableResult
    mutating func remove(_ ticket: Ticket) -> Bool {
        for (priority, peers) in lines {
            for (peer, line) in peers {
                guard let index = line.entries.firstIndex(where: { $0.ticket == ticket }) else { continue }
                take(index, of: peer, priority)
                return true
            }
        }
        return false
    }

    /// Takes the next entry of those that `admits` lets through now; a peer whose first entry is not let through is passed
    /// over, and gains nothing by it.
    mutating func next(where admits: (Entry) -> Bool = { _ in true }) -> Entry? {
        for priority in TransferPriority.allCases {
            guard let peers = lines[priority], !peers.isEmpty else { continue }
            let candidates = peers.filter { _, line in line.entries.first.map(admits) ?? false }
            guard let entry = choose(candidates, priority) else { continue }
            turn += 1
            lines[priority]?[entry.peer]?.lastTurn = turn
            lines[priority]?[entry.peer]?.deficit -= entry.cost
            take(0, of: entry.peer, priority)
            return entry
        }
        return nil
    }

    private mutating func choose(_ candidates: [PeerID: Line], _ priority: TransferPriority) -> Entry? {
        // How many rounds pass until somebody can pay for what it wants.
        let rounds = candidates.values.compactMap { line in
            line.entries.first.map { max(0, ($0.cost - line.deficit + quantum - 1) / quantum) }
        }.min()
        guard let rounds else { return nil }
        var best: (entry: Entry, lastTurn: UInt64)?
        for (peer, line) in candidates {
            let deficit = line.deficit + rounds * quantum
            lines[priority]?[peer]?.deficit = deficit
            guard let entry = line.entries.first, entry.cost <= deficit else { continue }
            if let best, !Self.precedes((entry, line.lastTurn), best) { continue }
            best = (entry, line.lastTurn)
        }
        return best?.entry
    }

    private static func precedes(
        _ left: (entry: Entry, lastTurn: UInt64), _ right: (entry: Entry, lastTurn: UInt64)
    ) -> Bool {
        if left.entry.deadline != right.entry.deadline { return left.entry.precedes(right.entry) }
        if left.lastTurn != right.lastTurn { return left.lastTurn < right.lastTurn }
        return left.entry.arrival < right.entry.arrival
    }

    /// A peer that wants nothing more forgets what was left of its round.
    private mutating func take(_ index: Int, of peer: PeerID, _ priority: TransferPriority) {
        lines[priority]?[peer]?.entries.remove(at: index)
        if lines[priority]?[peer]?.entries.isEmpty == true { lines[priority]?[peer] = nil }
        count -= 1
    }
}
