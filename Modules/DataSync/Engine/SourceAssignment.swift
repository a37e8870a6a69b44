/// Which source is asked for which piece of a transfer: pure, the clock is passed in.
///
/// Pieces are given out in order. A source of a lower tier (the core, where other edges have the pieces too) is asked only
/// for what no better source can give, and for what is overdue. A piece is overdue once three times the time has passed
/// that it should have taken, by the rate of the source and what it was asked for before. Then another source is asked for
/// it too; the first good answer wins, and never more than two are asked.
struct SourceAssignment: Sendable {
    typealias SourceID = Int

    struct Source: Sendable {
        /// 0 is asked first.
        let tier: Int
        /// Bytes per second; `nil` while unknown.
        var bytesPerSecond: Double?
        var isLost = false
        /// Bytes asked for and not arrived.
        fileprivate(set) var outstanding = 0
        fileprivate(set) var lastProgress: ContinuousClock.Instant
    }

    private enum State: Sendable, Hashable {
        case waiting
        case asked
        case arrived
    }

    private struct Ask: Sendable {
        let source: SourceID
        let due: ContinuousClock.Instant
    }

    private struct Piece: Sendable {
        let cost: Int
        var state = State.waiting
        var asks: [Ask] = []
        /// Who brought it, while it is being verified.
        var inHand: SourceID?
        /// Sources that do not have it, a bit each.
        var declined: UInt64 = 0
    }

    /// How many sources a transfer may have.
    static let maximumSources = 64

    private(set) var sources: [Source] = []
    private var pieces: [Piece]
    private(set) var arrivedCount = 0
    /// No piece before it waits.
    private var firstWaiting = 0
    /// How often a piece is overdue at the earliest, and how long it may take while a source's rate is unknown.
    let patience: Duration

    /// - Parameters:
    ///   - costs: bytes of each piece, in the order in which they are wanted.
    ///   - patience: nothing is overdue before.
    init(costs: [Int], patience: Duration = .milliseconds(500)) {
        pieces = costs.map { Piece(cost: max(1, $0)) }
        self.patience = patience
    }

    var count: Int { pieces.count }
    var isDone: Bool { arrivedCount == pieces.count }

    /// - Returns: its number, or `nil` when there are too many.
    mutating func addSource(tier: Int, bytesPerSecond: Double? = nil, at now: ContinuousClock.Instant) -> SourceID? {
        guard sources.count < Self.maximumSources else { return nil }
        sources.append(Source(tier: tier, bytesPerSecond: bytesPerSecond, lastProgress: now))
        return sources.count - 1
    }

    mutating func setRate(_ bytesPerSecond: Double, of source: SourceID) {
        sources[source].bytesPerSecond = bytesPerSecond
    }

    /// What to ask `source` for: at most `bytes` of them but at least one if there is any.
    mutating func take(_ bytes: Int, from source: SourceID, at now: ContinuousClock.Instant) -> [Int] {
        guard !sources[source].isLost else { return [] }
        while firstWaiting < pieces.count, pieces[firstWaiting].state != .waiting { firstWaiting += 1 }
        var taken: [Int] = []
        var sum = 0
        var index = firstWaiting
        while index < pieces.count, taken.isEmpty || sum + pieces[index].cost <= bytes {
            if pieces[index].state == .waiting, mayAsk(source, for: index) {
                ask(source, for: index, at: now)
                taken.append(index)
                sum += pieces[index].cost
            }
            index += 1
        }
        if taken.isEmpty { taken = hedge(bytes, from: source, at: now) }
        return taken
    }

    /// What another source should have brought by now.
    private mutating func hedge(_ bytes: Int, from source: SourceID, at now: ContinuousClock.Instant) -> [Int] {
        var taken: [Int] = []
        var sum = 0
        for index in pieces.indices where pieces[index].state == .asked {
            guard taken.isEmpty || sum + pieces[index].cost <= bytes else { break }
            let piece = pieces[index]
            guard piece.inHand == nil, piece.asks.count == 1, piece.asks[0].source != source, piece.asks[0].due <= now,
                // A source that brings something all the time is slow, not stalled: asking others too would only cost.
                sources[piece.asks[0].source].lastProgress + patience <= now,
                piece.declined & (1 << UInt64(source)) == 0
            else { continue }
            ask(source, for: index, at: now)
            taken.append(index)
            sum += piece.cost
        }
        return taken
    }

    /// When `take` may find something overdue at the earliest; `nil` when nothing is asked for.
    var nextDue: ContinuousClock.Instant? {
        pieces.lazy.filter { $0.state == .asked && $0.asks.count == 1 && $0.inHand == nil }.compactMap { piece in
            piece.asks.first.map { max($0.due, sources[$0.source].lastProgress + patience) }
        }.min()
    }

    private func mayAsk(_ source: SourceID, for index: Int) -> Bool {
        guard pieces[index].declined & (1 << UInt64(source)) == 0 else { return false }
        return !sources.indices.contains { other in
            sources[other].tier < sources[source].tier && !sources[other].isLost
                && pieces[index].declined & (1 << UInt64(other)) == 0
        }
    }

    private mutating func ask(_ source: SourceID, for index: Int, at now: ContinuousClock.Instant) {
        if sources[source].outstanding == 0 { sources[source].lastProgress = now }
        sources[source].outstanding += pieces[index].cost
        let expected: Duration =
            sources[source].bytesPerSecond.map { .seconds(Double(sources[source].outstanding) / max(1, $0)) }
            ?? patience
        pieces[index].state = .asked
        pieces[index].asks.append(Ask(source: source, due: now + max(patience, expected * 3)))
    }

    /// A piece came and is looked at; until then nobody else is asked for it.
    /// - Returns: whether it is wanted: nobody else brought it before.
    mutating func received(_ index: Int, from source: SourceID, at now: ContinuousClock.Instant) -> Bool {
        sources[source].lastProgress = now
        guard pieces[index].state == .asked, pieces[index].inHand == nil,
            pieces[index].asks.contains(where: { $0.source == source })
        else { return false }
        pieces[index].inHand = source
        return true
    }

    /// A piece came and is good.
    /// - Returns: whether it is the first time, and who else was asked for it.
    mutating func arrived(
        _ index: Int, from source: SourceID, at now: ContinuousClock.Instant
    ) -> (isFirst: Bool, others: [SourceID]) {
        sources[source].lastProgress = now
        guard pieces[index].state != .arrived else { return (false, []) }
        for ask in pieces[index].asks { sources[ask.source].outstanding -= pieces[index].cost }
        let others = pieces[index].asks.map(\.source).filter { $0 != source }
        pieces[index].asks = []
        pieces[index].inHand = nil
        pieces[index].state = .arrived
        arrivedCount += 1
        return (true, others)
    }

    /// Bytes of a piece came; its source is alive.
    mutating func progressed(_ source: SourceID, at now: ContinuousClock.Instant) { sources[source].lastProgress = now }

    /// A source does not have a piece, or what it sent for it was no good.
    mutating func declined(_ index: Int, by source: SourceID, at now: ContinuousClock.Instant) {
        sources[source].lastProgress = now
        pieces[index].declined |= 1 << UInt64(source)
        if pieces[index].inHand == source { pieces[index].inHand = nil }
        withdraw(index, from: source)
    }

    /// A piece that came is of no use, and its source may be asked for it again.
    mutating func again(_ index: Int, from source: SourceID) {
        pieces[index].inHand = nil
        withdraw(index, from: source)
    }

    /// A source will not bring what it was asked for, and may be asked again. What it brought is still looked at.
    mutating func release(_ source: SourceID) {
        for index in pieces.indices where pieces[index].state == .asked && pieces[index].inHand != source {
            withdraw(index, from: source)
        }
    }

    /// A source is gone: what it was asked for waits again.
    mutating func lost(_ source: SourceID) {
        sources[source].isLost = true
        release(source)
    }

    private mutating func withdraw(_ index: Int, from source: SourceID) {
        guard let place = pieces[index].asks.firstIndex(where: { $0.source == source }) else { return }
        pieces[index].asks.remove(at: place)
        sources[source].outstanding -= pieces[index].cost
        guard pieces[index].asks.isEmpty, pieces[index].state == .asked else { return }
        pieces[index].state = .waiting
        firstWaiting = min(firstWaiting, index)
    }

    /// Whether `source` still has something to bring that nobody else brought.
    func isOutstanding(_ source: SourceID) -> Bool { sources[source].outstanding > 0 }

    /// Whether a piece is still to come.
    func isWanted(_ index: Int) -> Bool { pieces[index].state != .arrived }

    /// Whether nothing is on its way and nobody is left to be asked for the rest.
    var isStuck: Bool { !isDone && !pieces.contains { $0.state == .asked } && orphans.count == count - arrivedCount }

    /// Pieces that no source is left for.
    var orphans: [Int] {
        pieces.indices.filter { index in
            pieces[index].state == .waiting
                && !sources.indices.contains {
                    !sources[$0].isLost && pieces[index].declined & (1 << UInt64($0)) == 0
                }
        }
    }
}
