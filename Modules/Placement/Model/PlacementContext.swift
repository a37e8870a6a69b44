import Contracts
import Core

/// Everything a decision depends on, apart from what is asked: same context, same request, same plan.
struct PlacementContext: Sendable {
    var topology: TopologySnapshot
    /// From a clock that does not jump.
    var now: Timestamp
    var book = ReservationBook()
    var quotas: [Name: GroupQuota] = [:]
    var classifier: TrainingTypeClassifier
    var forecaster = RoundForecaster()
}
