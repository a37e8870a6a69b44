import Contracts

/// What allocation asks of the operating system; a port, so that tests can end processes as they like.
protocol ProcessControl: Sendable {
    /// The process that has this number now; `nil` when none has, or it has ended.
    func identity(of pid: Int32) -> ProcessIdentity?
    /// Holds a process to its part of the machine.
    /// - Returns: what was not possible, and why.
    func bind(_ process: ProcessIdentity, to allocation: Allocation) -> [String]
    /// Holds the daemon's own threads, but for some, to the hardware threads that nobody has to itself.
    /// - Parameter others: the kernel's numbers of those that have their own.
    /// - Returns: why that was not possible; `nil` when all are there.
    func confineDaemon(to threads: [Int], besides others: Set<Int32>) -> String?
    /// Removes what was made for an owner.
    func forget(_ owner: String)
}
