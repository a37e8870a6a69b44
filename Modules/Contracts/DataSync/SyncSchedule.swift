public import Core

/// When something moves by the clock: `every 15m`, or five cron fields in UTC (minute, hour, day of month, month, day of
/// the week), as crontab(5) describes them without names: `*`, numbers, ranges `a-b`, steps `*/n` and `a-b/n`, lists.
public enum SyncSchedule: Sendable, Hashable, Codable, CustomStringConvertible {
    /// At least a second.
    case every(Duration)
    case cron(CronFields)

    /// - Throws: `Failure` `invalid-schedule` that says which part is wrong.
    public init(_ text: String) throws(Failure) {
        let words = text.split(separator: " ").map(String.init)
        if words.first == "every" {
            guard words.count == 2, let pause = DurationText.parse(words[1]), pause >= .seconds(1) else {
                throw Failure(
                    code: "invalid-schedule",
                    message:
                        "'\(text.prefix(80))' is no schedule; write 'every' and a time of at least 1s, as in every 15m")
            }
            self = .every(pause)
        } else {
            self = .cron(try CronFields(text))
        }
    }

    /// The first moment of the schedule after `last`, the last time something moved; `every` counts from there, and is due
    /// at once when nothing has moved yet. Cron fields count from `since` then.
    public func next(after last: Timestamp?, since: Timestamp) -> Timestamp? {
        switch self {
        case .every(let pause): last.map { $0.advanced(by: pause) } ?? since
        case .cron(let fields): fields.next(after: last ?? since)
        }
    }

    /// What the next moment is counted from. That is `last`, unless the clock was set back since: then `every` counts from now,
    /// and cron fields from the next moment they name if that was had already, so that it does not come twice.
    public func counted(from last: Timestamp, now: Timestamp) -> Timestamp {
        guard last > now else { return last }
        guard case .cron(let fields) = self, let turn = fields.next(after: now), turn <= last else { return now }
        return turn
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do { self = try SyncSchedule(text) } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.message, underlyingError: error))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var description: String {
        switch self {
        case .every(let pause): "every \(DurationText.exact(pause))"
        case .cron(let fields): fields.text
        }
    }
}
