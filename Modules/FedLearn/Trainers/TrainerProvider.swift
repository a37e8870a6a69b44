public import Contracts
public import Core
public import Tensor

/// The port through which `FedLearn` reaches the programs that train models which the platform does not know.
public protocol TrainerProvider: Sendable {
    /// Has the trainer for the task's data set do the work; waits for one until `deadline`, also for another when the one that
    /// was asked goes away.
    /// - Throws: `FedLearnError` `no-trainer` or `trainer-late`; otherwise what the trainer answered in place of a result.
    func ask(
        _ work: TrainerWork, _ task: TrainerTask, tensors: [Tensor], until deadline: ContinuousClock.Instant,
        trace: TraceID
    ) async throws -> TrainerAnswer
}

/// What a trainer can be asked to do.
public enum TrainerWork: String, Sendable, Hashable, CaseIterable {
    case initialise
    case fit
    case evaluate
}

/// A trainer's result with its tensors.
public struct TrainerAnswer: Sendable {
    public var result: TrainerResult
    /// As many as `result.tensors`, with these shapes.
    public var tensors: [Tensor]

    public init(_ result: TrainerResult, tensors: [Tensor] = []) {
        self.result = result
        self.tensors = tensors
    }
}
