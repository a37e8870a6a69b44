package import Contracts
package import Core

/// An edge's side of its load reports: what to send so that the core's picture is never further off than the thresholds.
///
/// Reports build on the newest one that the core confirmed. One whose answer was lost may or may not have arrived, so the next
/// one builds on the one before; the core asks for a complete report when it has gone further.
package struct LoadReporter: Sendable {
    /// After so many reports one is complete, whatever the core has.
    static let completeEvery = 60

    package let epoch: Int
    private var sequence = 0
    /// What the core has, as far as it said so, and the report by which it got it.
    private var confirmed: (load: LoadReport, sequence: Int)?
    private var sent: (load: LoadReport, sequence: Int)?
    private var sinceComplete = 0

    /// - Parameters:
    ///   - epoch: a number that no run of this edge had before, from a random generator.
    ///   - load: what the join report says.
    package init(epoch: Int, joinedWith load: LoadReport) {
        self.epoch = epoch
        confirmed = (load, 0)
    }

    /// The next report.
    /// - Parameter time: by the edge's clock.
    package mutating func update(_ load: LoadReport, time: Timestamp) -> LoadUpdate {
        sequence += 1
        if let confirmed, sinceComplete < Self.completeEvery,
            let (changes, known) = LoadDifference.between(confirmed.load, load)
        {
            sinceComplete += 1
            sent = (known, sequence)
            return LoadUpdate(
                epoch: epoch, sequence: sequence, base: confirmed.sequence, time: time, changes: changes)
        }
        sinceComplete = 0
        sent = (load, sequence)
        return LoadUpdate(epoch: epoch, sequence: sequence, base: nil, time: time, changes: LoadChanges(load))
    }

    /// What the core said to the newest report. Call it only for an answer.
    package mutating func answered(_ reply: LoadReply) {
        confirmed = reply.needsAll || reply.refusal != nil ? nil : sent
    }

    /// Makes the next report a complete one.
    package mutating func forget() { confirmed = nil }
}
