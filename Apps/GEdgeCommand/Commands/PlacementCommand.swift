import Core
import Placement
import Telemetry

/// `gedge placement`: batches of jobs placed on a snapshot of the clouds, for which no core is needed.
enum PlacementCommand {
    /// The largest instance that is read: some 50 times what 50,000 nodes take.
    private static let sizeLimit = 1 << 30

    static let solve = Command(
        "placement", "solve", topic: .local, summary: "place a batch of training jobs on a snapshot of the clouds",
        details: """
            Reads the jobs, nodes and links of a placebench/1 file, looks for the placement with the smallest weighted sum of times, and
            writes it as placebench-plan/1. The lower bound is what no plan can be below: every job alone on the snapshot. The same
            seed and --iterations give the same plan; a limit on time stops wherever the search then is. Ctrl-C ends the search, too,
            and the best plan so far is written; a second one ends everything.
            """,
        examples: [
            "gedge placement solve --instance batch.json --plan plan.json",
            "gedge placement solve --instance batch.json --plan plan.json --time-limit 60 --seed 7 -o json",
        ],
        flags: [
            Flag("instance", short: "i", .file, "the instance, in the format placebench/1"),
            Flag("plan", short: "p", .file, "the file to write the plan to"),
            Flag(
                "time-limit", .text(placeholder: "S"),
                "how many seconds to search, or a time such as 5m (default: 10, or none with --iterations)"),
            Flag("iterations", .integer, "stop after so many steps; 0 keeps the first complete plan"),
            Flag("seed", .integer, "same seed and iterations, same plan (default: 0)"),
            Flag(
                "output", short: "o", .choice(["table", "json"], placeholder: "FORMAT"),
                "table or json (default: table)"),
        ]
    ) { invocation, context in
        guard let instance = invocation.text("instance"), let path = invocation.text("plan") else {
            throw CommandError.usage("--instance FILE and --plan FILE are needed")
        }
        let iterations = try invocation.integer("iterations")
        let limit = try timeLimit(invocation) ?? (iterations == nil ? 10 : .infinity)
        let seed = UInt64(try invocation.integer("seed") ?? 0)
        let format = try OutputFormat(invocation)

        let problem = try read(instance)
        let report = try Interrupt.noting { isRequested in
            // Opened first: whoever cannot write there learns it before the search, not after it.
            let file = try ReplacedFile(path, mode: 0o644)
            let start = ContinuousClock.now
            var firstPlan = start
            let solution = try search(
                problem, named: instance, seed: seed, iterations: iterations ?? .max, limit: limit, context.console,
                isRequested
            ) { firstPlan = ContinuousClock.now }
            let seconds = (ContinuousClock.now - start).seconds
            try file.write(solution.plan.json)
            try file.finish()
            return PlacementReport(
                instance: problem.name, plan: path, solution, seconds: seconds,
                firstSeconds: (firstPlan - start).seconds, isInterrupted: isRequested())
        }
        if format == .json {
            try context.console.print(try ResourceOutput.json(report, isPretty: true))
        } else {
            for line in report.lines { try context.console.print(line) }
        }
        return .success
    }

    private static func timeLimit(_ invocation: Invocation) throws -> Double? {
        guard let text = invocation.text("time-limit") else { return nil }
        guard let seconds = Double(text) ?? DurationText.parse(text)?.seconds, seconds >= 0, seconds <= 1e9 else {
            throw CommandError.usage("flag --time-limit takes seconds, or a time such as 90s or 5m, not '\(text)'")
        }
        return seconds
    }

    static func read(_ path: String) throws -> BatchProblem {
        let bytes = try FileText.read(path, limit: sizeLimit)
        do {
            return try BatchProblem(json: bytes)
        } catch {
            throw CommandError(error.code, "cannot use \(path)", cause: error)
        }
    }

    /// Searches, tells when the first plan is complete, and says how far it is once two seconds are over.
    private static func search(
        _ problem: BatchProblem, named name: String, seed: UInt64, iterations: Int, limit: Double, _ console: Console,
        _ isInterrupted: () -> Bool, whenComplete: () -> Void
    ) throws -> PlacementSolution {
        let clock = ContinuousClock()
        let start = clock.now
        var display = ProgressDisplay(name, unit: .items("steps"), console: console)
        var isShown = false
        var failure: (any Error)?
        let solver = PlacementSolver(problem)
        let solution = try solver.solve(seed: seed, iterations: iterations) {
            limit > 0 && !isInterrupted() ? (clock.now - start).seconds / limit : 1
        } report: { steps, share, objective in
            if steps == 0 { whenComplete() }
            guard failure == nil, isShown || clock.now - start > .seconds(2) else { return }
            isShown = true
            do {
                let note = "\(Int(share * 100))% of the limit, objective \(NumberText.fixed(objective, digits: 2))"
                try display.show(done: steps, total: nil, note: note)
            } catch { failure = error }
        }
        if let failure { throw failure }
        if isShown {
            let note = "objective \(NumberText.fixed(solution.objective, digits: 2))"
            try display.show(done: solution.iterations, total: nil, note: note, isLast: true)
        }
        return solution
    }
}
