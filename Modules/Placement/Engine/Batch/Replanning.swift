/// What a change made of a plan.
package struct Replanning: Sendable, Hashable {
    /// The jobs that are elsewhere than before, and where; none of a job that is deferred now.
    package var moved: [Int: [BatchPlan.Worker]]
    /// The jobs that the change drove out, ascending: they could not stay.
    package var displaced: [Int]
    /// The objective with the change and without an answer to it, the jobs driven out deferred; and with the answer.
    package var objectiveBefore: Double
    package var objective: Double
}

/// How much a plan may change when the snapshot does.
package struct ReplanningLimits: Sendable, Hashable {
    /// A job that could stay moves only when the objective falls by more than this share of what the job costs.
    package var hysteresis = 0.05
    /// The largest share of all jobs that moves. Those that were driven out count, but are moved in any case.
    package var share = 0.05
    /// How many times some jobs are taken out and put back.
    package var steps = 24

    package init() {}
}
