/// How finely the core remembers, and for how long. The numbers are what the database holds.
enum HistoryTier: Int, CaseIterable, Sendable {
    /// Every report.
    case reports = 0
    case tenSeconds = 1
    case fiveMinutes = 2
    case hours = 3

    /// How long a time one point sums up, in milliseconds; 0 for a report.
    var width: Int64 {
        switch self {
        case .reports: 0
        case .tenSeconds: 10_000
        case .fiveMinutes: 300_000
        case .hours: 3_600_000
        }
    }

    /// How long points are kept, in milliseconds: ten minutes, six hours, 30 days, two years.
    var retention: Int64 {
        switch self {
        case .reports: 600_000
        case .tenSeconds: 21_600_000
        case .fiveMinutes: 2_592_000_000
        case .hours: 63_072_000_000
        }
    }

    /// What is made of this one's points.
    var coarser: HistoryTier? { HistoryTier(rawValue: rawValue + 1) }
    /// What this one's points are made of.
    var finer: HistoryTier? { HistoryTier(rawValue: rawValue - 1) }

    /// When the point begins to which `time` belongs.
    func start(of time: Int64) -> Int64 {
        guard width > 0 else { return time }
        let remainder = time % width
        return time - (remainder < 0 ? remainder + width : remainder)
    }
}
