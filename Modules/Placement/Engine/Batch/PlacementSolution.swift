/// A plan with what is known about it.
package struct PlacementSolution: Sendable {
    package let plan: BatchPlan
    /// The objective of `plan`, found by `BatchEvaluation`.
    package let objective: Double
    /// What no plan can be below: the sum over the jobs of what each costs alone, placed or deferred.
    package let bound: Double
    /// The objective of the first complete plan, before any improvement.
    package let firstObjective: Double
    /// The workers that the first plan placed.
    package let firstWorkers: Int
    /// How many times the plan was taken apart and put together again.
    package let iterations: Int

    /// How far the objective is above the bound, as a share of the bound.
    package var gap: Double { bound > 0 ? objective / bound - 1 : (objective > 0 ? .infinity : 0) }
}
