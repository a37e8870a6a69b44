import Core

/// A command line that was understood.
struct Invocation: Sendable {
    let command: Command
    let operands: [String]
    /// The values of each flag that was given, by its name; a switch has one empty value.
    let flags: [String: [String]]

    func has(_ flag: String) -> Bool { flags[flag] != nil }

    /// The value of a flag, the last one when it may be repeated.
    func text(_ flag: String) -> String? { flags[flag]?.last }

    func texts(_ flag: String) -> [String] { flags[flag] ?? [] }

    func integer(_ flag: String, in range: ClosedRange<Int> = 0...Int.max) throws -> Int? {
        guard let text = text(flag) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw CommandError.usage(
                "flag --\(flag) takes a whole number"
                    + (range.upperBound == .max
                        ? " of at least \(range.lowerBound)" : " from \(range.lowerBound) to \(range.upperBound)")
                    + ", not '\(text)'")
        }
        return value
    }

    func number(_ flag: String) throws -> Double? {
        guard let text = text(flag) else { return nil }
        guard let value = Double(text), value.isFinite else {
            throw CommandError.usage("flag --\(flag) takes a number, not '\(text)'")
        }
        return value
    }

    func duration(_ flag: String) throws -> Duration? {
        guard let text = text(flag) else { return nil }
        guard let value = DurationText.parse(text) else {
            throw CommandError.usage("flag --\(flag) takes a time such as 90s, 5m or 1h30m, not '\(text)'")
        }
        return value
    }
}
