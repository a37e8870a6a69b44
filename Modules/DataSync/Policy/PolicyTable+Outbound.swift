import Contracts
import Core

extension PolicyTable {
    /// The rule that decides about sending something from an edge to the core; `nil` when none fits, and at the core.
    func outbound(_ tags: TransferTags, from edge: PeerID) -> SyncRule? {
        guard edge != .core, let rules = spec(for: tags)?.rules else { return nil }
        let now = Timestamp(milliseconds: 0)
        let question = SyncQuestion(tags: tags, from: edge, to: .core, since: now, now: now)
        var best: SyncRule?
        for rule in rules where rule.fits(question, .edgeToCore) && best.map({ $0.rank < rule.rank }) ?? true {
            best = rule
        }
        return best
    }
}
