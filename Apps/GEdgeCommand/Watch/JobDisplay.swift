import Contracts
import Core

/// A job's live picture on a terminal, as the text that turns the last picture into the next.
///
/// Lines of finished rounds stay and scroll; below them a few live lines are drawn over again and again. Pure: the time and
/// the size of the terminal are passed in, so that a test can compare what is drawn.
struct JobDisplay {
    private let palette: Palette
    private var width: Int
    private let height: Int
    /// How many live lines stand below the permanent ones.
    private var liveLines = 0
    /// The newest round that was drawn.
    private var shownRound = 0
    private var hasHeader = false
    private var hasHeading = false
    private var job: JobView?
    /// Which round is in progress and when this display first saw it.
    private var current: (round: Int, since: Duration)?
    private var notice: String?

    init(palette: Palette, width: Int, height: Int) {
        self.palette = palette
        self.width = width
        self.height = height
    }

    /// The text that shows `job` as it is now.
    mutating func show(_ job: JobView, at now: Duration) -> String {
        self.job = job
        notice = nil
        if let round = job.status.current?.round {
            if current?.round != round { current = (round, now) }
        } else {
            current = nil
        }
        return redraw(permanent: newLines(job), at: now)
    }

    /// The text that brings the running times up to date.
    mutating func tick(at now: Duration, width: Int) -> String {
        self.width = width
        return redraw(permanent: [], at: now)
    }

    /// The text that shows `message` until the job is heard of again.
    mutating func interrupt(_ message: String, at now: Duration) -> String {
        notice = message
        return redraw(permanent: [], at: now)
    }

    private mutating func newLines(_ job: JobView) -> [String] {
        var lines: [String] = []
        if !hasHeader, job.status.placement != nil || job.status.phase.isTerminal {
            lines.append(header(job))
            hasHeader = true
        }
        var fresh = job.status.rounds.filter { $0.round > shownRound }[...]
        if let first = fresh.first, !hasHeading {
            lines.append(palette.bold(RoundLine.heading(first)))
            hasHeading = true
        }
        if shownRound == 0 { fresh = fresh.suffix(max(5, height - 8)) }
        // Those there is no room for, and those a record no longer has when many rounds ended between two of them.
        let skipped = (fresh.first?.round ?? shownRound + 1) - shownRound - 1
        if skipped > 0 {
            lines.append(palette.dim("  ...  \(skipped) earlier rounds: gedge get job/\(job.name) -o json"))
        }
        shownRound = fresh.last?.round ?? shownRound
        lines += fresh.map { RoundLine.table($0, palette: palette) }
        if job.status.phase.isTerminal { lines += summary(job) }
        return lines
    }

    private func header(_ job: JobView) -> String {
        var facts = [palette.bold("job/\(job.name)")]
        if !job.project.isEmpty { facts.append(job.project) }
        if let type = job.status.trainingType { facts.append(type.rawValue) }
        if let edges = job.status.placement?.chosen, !edges.isEmpty {
            facts.append("\(edges.count == 1 ? "edge" : "edges") \(edges.map(\.text).joined(separator: ", "))")
        }
        return facts.joined(separator: palette.dot)
    }

    private func summary(_ job: JobView) -> [String] {
        let rounds = "\(job.status.completedRounds) \(job.status.completedRounds == 1 ? "round" : "rounds")"
        let time = NumberText.span(seconds: job.wallSeconds)
        guard job.status.phase == .succeeded else {
            return [palette.red("Failed") + " after \(rounds): \(job.explanation ?? "no reason given")"]
        }
        var lines = [palette.green("Succeeded") + " after \(rounds) in \(time)"]
        if let accuracy = job.accuracy {
            let baseline = job.status.baselineAccuracy.map { " (trained centrally: \(NumberText.percent($0)))" } ?? ""
            lines.append("  accuracy  " + palette.bold(NumberText.percent(accuracy)) + baseline)
        }
        if let mean = job.meanReturn {
            lines.append("  return    " + palette.bold(NumberText.fixed(mean, digits: 2)) + " on average")
        }
        let (there, back) = (
            NumberText.bytes(job.status.totals.bytesToEdges), NumberText.bytes(job.status.totals.bytesFromEdges)
        )
        lines.append("  moved     \(there) to the edges, \(back) back")
        if let model = job.status.model { lines.append("  model     " + palette.bold("model/\(model)")) }
        return lines
    }

    private mutating func redraw(permanent: [String], at now: Duration) -> String {
        // A line may not wrap, or the count of lines to move up would be wrong: live lines are cut to the width.
        var text = liveLines > 0 ? "\u{1B}[\(liveLines)A\u{1B}[J" : ""
        for line in permanent { text += line + "\n" }
        let live = liveText(at: now)
        for line in live { text += line + "\n" }
        liveLines = live.count
        return text
    }

    private func liveText(at now: Duration) -> [String] {
        guard let job, !job.status.phase.isTerminal else { return [] }
        var facts = ["\(job.status.completedRounds)/\(job.rounds)"]
        if let round = job.status.current {
            let elapsed = current.map { (now - $0.since).seconds } ?? 0
            facts.append(
                "round \(round.round): \(TextWidth.printable(round.state).lowercased()), "
                    + "\(round.received.count) of \(round.participants.count) updates")
            facts.append(NumberText.span(seconds: elapsed))
            if let left = remaining(job, elapsed: elapsed) {
                facts.append("about \(NumberText.span(seconds: left)) left")
            }
        } else {
            facts.append(job.status.phase.rawValue)
            if let explanation = job.explanation { facts.append(explanation) }
        }
        let barWidth = min(30, max(10, width / 4))
        let share = job.rounds > 0 ? Double(job.status.completedRounds) / Double(job.rounds) : 0
        let room = width - barWidth - 3
        let words = TextWidth.fitted(facts.joined(separator: palette.dot), room, ellipsis: palette.ellipsis)
        var lines = [" " + palette.bar(share, width: barWidth) + " " + words]
        if let notice {
            lines.append(
                " "
                    + palette.yellow(
                        TextWidth.fitted(TextWidth.printable(notice), width - 2, ellipsis: palette.ellipsis)))
        }
        return lines
    }

    /// Seconds until the last round is over, judged by the latest five.
    private func remaining(_ job: JobView, elapsed: Double) -> Double? {
        let latest = job.status.rounds.suffix(5).map(\.seconds).sorted()
        guard !latest.isEmpty, job.rounds > job.status.completedRounds else { return nil }
        // The median, because one round that waited for its deadline says little about the others.
        let typical = latest[latest.count / 2]
        return max(0, typical * Double(job.rounds - job.status.completedRounds) - min(elapsed, typical))
    }
}
