package import Contracts

/// What is known of a job and its data when its training type is to be named; `nil` for what nobody knows.
package struct ClassifierFacts: Sendable, Hashable {
    /// The type that the job names itself.
    package var declaredType: TrainingType?
    /// How many edges hold the data.
    package var holders: Int
    /// Whether the data, or a part of it, lies at the core.
    package var isAtCore: Bool
    /// Whether the policy in force lets raw data leave where it lies.
    package var mayMove: Bool
    /// Whether an edge's own configuration forbids to share raw data.
    package var isSharingForbidden: Bool
    /// Whether the job names an environment to learn in.
    package var hasEnvironment: Bool
    /// Whether the job names a trained model to start from.
    package var hasBaseModel: Bool
    package var modelBytes: Double?
    /// All of the data, wherever it lies.
    package var dataBytes: Double?
    package var rounds: Double?

    package init(
        declaredType: TrainingType? = nil, holders: Int, isAtCore: Bool = false, mayMove: Bool = false,
        isSharingForbidden: Bool = false, hasEnvironment: Bool = false, hasBaseModel: Bool = false,
        modelBytes: Double? = nil, dataBytes: Double? = nil, rounds: Double? = nil
    ) {
        self.declaredType = declaredType
        self.holders = holders
        self.isAtCore = isAtCore
        self.mayMove = mayMove
        self.isSharingForbidden = isSharingForbidden
        self.hasEnvironment = hasEnvironment
        self.hasBaseModel = hasBaseModel
        self.modelBytes = modelBytes
        self.dataBytes = dataBytes
        self.rounds = rounds
    }
}
