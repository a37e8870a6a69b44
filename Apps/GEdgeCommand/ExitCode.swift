/// What the process ends with; part of the public interface.
public enum ExitCode: Int32, Sendable, Hashable {
    case success = 0
    /// The command was understood and did not succeed.
    case failed = 1
    /// The command line was wrong; nothing was tried.
    case usage = 2
    case notFound = 3
    /// No core answered.
    case unreachable = 4
    case timedOut = 5
}
