import Contracts
import Core

/// Transfers in words.
struct TransferText: Sendable {
    let palette: Palette

    static let columns = ["ID", "DIRECTION", "PEER", "WHAT", "PHASE", "DONE", "RATE", "LEFT", "SAVED", "RULE"]

    func row(_ transfer: TransferStatus) -> [String] {
        [
            transfer.id, transfer.direction.rawValue, transfer.peers.map(\.text).joined(separator: ","),
            Self.what(transfer), transfer.phase.rawValue,
            "\(percent(transfer)) of \(NumberText.bytes(transfer.wantedBytes))",
            transfer.phase == .moving ? "\(NumberText.bytes(Int(transfer.bytesPerSecond)))/s" : "-",
            transfer.phase.isTerminal ? "-" : transfer.remainingSeconds.map(NumberText.span) ?? "-",
            Self.saved(transfer), transfer.rule ?? "-",
        ]
    }

    /// One transfer as a line with a bar, at most `width` columns wide.
    func bar(_ transfer: TransferStatus, width: Int) -> String {
        let barWidth = min(24, max(8, width / 5))
        var facts = [
            "\(Self.what(transfer)) \(transfer.direction == .fetching ? "from" : "to") "
                + transfer.peers.map(\.text).joined(separator: ", "),
            "\(NumberText.bytes(transfer.doneBytes))/\(NumberText.bytes(transfer.wantedBytes))",
        ]
        if transfer.phase == .moving {
            facts.append("\(NumberText.bytes(Int(transfer.bytesPerSecond)))/s")
            if let left = transfer.remainingSeconds { facts.append("ETA \(NumberText.span(seconds: left))") }
        } else {
            facts.append(transfer.phase.rawValue)
        }
        let saved = Self.saved(transfer)
        if saved != "-" { facts.append("saved \(saved)") }
        let text = TextWidth.printable(facts.joined(separator: palette.dot))
        return " " + palette.bar(share(transfer), width: barWidth) + " "
            + TextWidth.fitted(text, width - barWidth - 3, ellipsis: palette.ellipsis)
    }

    /// What is moved: `digits model, round 3`, `demo/line/one`, or the manifest's first digits.
    static func what(_ transfer: TransferStatus) -> String {
        guard let tags = transfer.tags else { return String(transfer.manifest.hex.prefix(12)) }
        var words: [String] = []
        if let job = tags.job { words.append(job.text) }
        if let dataset = tags.dataset { words.append(dataset.description) }
        words.append(tags.artefact.rawValue)
        if let round = tags.round { words.append("round \(round)") }
        return words.joined(separator: " ")
    }

    /// Bytes that did not have to move: `12.0 MiB there already, 3.1 MiB difference, 1.0 MiB compression`, or `-`.
    static func saved(_ transfer: TransferStatus) -> String {
        let parts = [
            (transfer.deduplicatedBytes, "there already"), (transfer.deltaSavedBytes, "difference"),
            (transfer.compressionSavedBytes, "compression"),
        ]
        let words = parts.filter { $0.0 > 0 }.map { "\(NumberText.bytes($0.0)) \($0.1)" }
        return words.isEmpty ? "-" : words.joined(separator: ", ")
    }

    private func share(_ transfer: TransferStatus) -> Double {
        transfer.wantedBytes > 0 ? min(1, Double(transfer.doneBytes) / Double(transfer.wantedBytes)) : 1
    }

    private func percent(_ transfer: TransferStatus) -> String { "\(Int(share(transfer) * 100))%" }
}
