/// Where one job runs when it is placed alone, and how long it takes.
package struct JobPlacement: Sendable, Hashable {
    package var workers: [BatchPlan.Worker]
    /// Seconds, from setup to the end of the last round.
    package var seconds: Double
}
