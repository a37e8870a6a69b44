import Contracts
import Core

/// One finished round as a line of text.
enum RoundLine {
    /// The cells of a table of rounds like this one: policies are judged by their mean return.
    static func heading(_ round: RoundSummary) -> String {
        let quality = round.meanReturn == nil ? "accuracy" : "  return"
        return "round  \(quality)     loss   to edges  from edges       time  edges"
    }

    /// For a person, under `heading`.
    static func table(_ round: RoundSummary, palette: Palette) -> String {
        let cells = [
            TextWidth.padded(String(round.round), 5, alignRight: true),
            TextWidth.padded(quality(round), 8, alignRight: true),
            TextWidth.padded(round.loss.map { NumberText.fixed($0, digits: 4) } ?? "-", 7, alignRight: true),
            TextWidth.padded(NumberText.bytes(round.bytesToEdges), 9, alignRight: true),
            TextWidth.padded(NumberText.bytes(round.bytesFromEdges), 10, alignRight: true),
            TextWidth.padded(NumberText.span(seconds: round.seconds), 9, alignRight: true),
        ]
        let asked = round.contributors.count + round.absent.count
        var text = cells.joined(separator: "  ") + "  \(round.contributors.count)/\(asked)"
        if let whole = round.compression?.wholeBytes, whole > 0 {
            text += "  sent \(NumberText.fixed(100 * Double(round.bytesFromEdges) / Double(whole), digits: 1))%"
        }
        if let privacy = round.privacy {
            text += "  \(palette.isUnicode ? "ε" : "eps") \(NumberText.fixed(privacy.epsilon, digits: 2))"
        }
        if !round.absent.isEmpty {
            let absent = round.absent.map { "\($0.edge): \(TextWidth.printable($0.reason))" }.joined(separator: "; ")
            text += "  " + palette.yellow("without \(absent)")
        }
        return text
    }

    private static func quality(_ round: RoundSummary) -> String {
        round.meanReturn.map { NumberText.fixed($0, digits: 2) } ?? round.accuracy.map(NumberText.percent) ?? "-"
    }

    /// For a program: words of `key=value`, in an order that stays.
    static func words(_ round: RoundSummary, job: String, of rounds: Int) -> String {
        var words = ["job/\(job)", "round=\(round.round)/\(rounds)"]
        if let accuracy = round.accuracy { words.append("accuracy=\(NumberText.fixed(accuracy, digits: 4))") }
        if let mean = round.meanReturn { words.append("return=\(NumberText.fixed(mean, digits: 4))") }
        if let loss = round.loss { words.append("loss=\(NumberText.fixed(loss, digits: 4))") }
        words.append("seconds=\(NumberText.fixed(round.seconds, digits: 3))")
        words.append("bytesToEdges=\(round.bytesToEdges)")
        words.append("bytesFromEdges=\(round.bytesFromEdges)")
        if let compression = round.compression { words.append("wholeBytes=\(compression.wholeBytes)") }
        if let privacy = round.privacy { words.append("epsilon=\(NumberText.fixed(privacy.epsilon, digits: 4))") }
        words.append("contributors=\(round.contributors.map(\.edge.text).joined(separator: ","))")
        if !round.absent.isEmpty { words.append("absent=\(round.absent.map(\.edge.text).joined(separator: ","))") }
        return words.joined(separator: " ")
    }
}
