import Core

/// What is kept: `last 5` (rounds of a job, versions of a data set), an age such as `7d`, or `forever`.
public enum Retention: Sendable, Hashable, Codable, CustomStringConvertible {
    /// At least 1.
    case last(Int)
    /// What is younger than this; the newest always.
    case age(Duration)
    case forever

    /// - Returns: `nil` for anything but the three forms above.
    public init?(_ text: String) {
        if text == "forever" {
            self = .forever
            return
        }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        if words.count == 2, words[0] == "last", let count = Int(words[1]), (1...1_000_000).contains(count) {
            self = .last(count)
        } else if let age = DurationText.parse(text), age > .zero {
            self = .age(age)
        } else {
            return nil
        }
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Retention(text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription:
                        "a retention is 'last N', a time such as 12h or 7d, or 'forever', not '\(text.prefix(60))'"))
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var description: String {
        switch self {
        case .last(let count): "last \(count)"
        case .age(let age):
            // `30d` as people write it, where `DurationText` would say 720h.
            age.components.attoseconds == 0 && age.components.seconds % 86_400 == 0
                ? "\(age.components.seconds / 86_400)d" : DurationText.exact(age)
        case .forever: "forever"
        }
    }
}
