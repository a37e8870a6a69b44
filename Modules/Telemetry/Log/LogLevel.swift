/// How much a log record matters, from the chattiest to the gravest.
public enum LogLevel: String, Codable, Comparable, Sendable, CaseIterable {
    /// Every step, for hunting one defect.
    case trace
    /// What a developer of the module wants to see.
    case debug
    /// The normal life of the process: started, joined, round closed.
    case info
    /// Normal but rare and worth an operator's eye: a key was enrolled, a file was rotated.
    case notice
    /// Something went wrong and was survived.
    case warning
    /// Something was given up.
    case error

    private var rank: Int {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        }
    }

    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}
