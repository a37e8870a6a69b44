import Placement

/// What a search for a placement found.
struct PlacementReport: Encodable, Sendable, Hashable {
    let instance: String
    /// The file that the plan was written to.
    let plan: String
    let objective: Double
    let lowerBound: Double
    /// How far the objective is above the bound, as a share of the bound; none where the bound is zero.
    let gap: Double?
    /// The objective of the first complete plan.
    let firstObjective: Double
    /// Seconds until there was one, and the workers that it placed in each of them.
    let firstSeconds: Double
    let workersPerSecond: Double
    let placed: Int
    let deferred: Int
    let iterations: Int
    let seconds: Double
    /// Whether the search was told to end before its limit.
    let interrupted: Bool

    init(
        instance: String, plan: String, _ solution: PlacementSolution, seconds: Double, firstSeconds: Double,
        isInterrupted: Bool
    ) {
        self.instance = instance
        self.plan = plan
        self.seconds = seconds
        interrupted = isInterrupted
        self.firstSeconds = firstSeconds
        workersPerSecond = firstSeconds > 0 ? Double(solution.firstWorkers) / firstSeconds : 0
        objective = solution.objective
        lowerBound = solution.bound
        gap = solution.gap.isFinite ? solution.gap : nil
        firstObjective = solution.firstObjective
        placed = solution.plan.placed
        deferred = solution.plan.deferred
        iterations = solution.iterations
    }

    /// The report for a person.
    var lines: [String] {
        let rows = [
            ("Instance", TextWidth.printable(instance)),
            ("Objective", NumberText.fixed(objective, digits: 4)),
            ("Lower bound", NumberText.fixed(lowerBound, digits: 4)),
            ("Gap", gap.map(NumberText.percent) ?? "unknown"),
            (
                "First plan",
                NumberText.fixed(firstObjective, digits: 4)
                    + " after \(NumberText.fixed(1000 * firstSeconds, digits: 1)) ms"
            ),
            ("Placed", "\(NumberText.grouped(placed)), deferred \(NumberText.grouped(deferred))"),
            ("Steps", NumberText.grouped(iterations)),
            ("Seconds", NumberText.fixed(seconds, digits: 2) + (interrupted ? ", interrupted" : "")),
            ("Plan", TextWidth.printable(plan)),
        ]
        return rows.map { TextWidth.padded($0.0 + ":", 13) + $0.1 }
    }
}
