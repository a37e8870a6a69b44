import Contracts
import Core

/// `gedge plot`: how jobs learned, as a picture.
enum PlotCommand {
    static let command = Command(
        "plot", topic: .observation, summary: "draw how jobs learned, as an SVG",
        details: """
            Accuracy (or the mean return) and loss of every committed round, one line for each job. Where a model was judged, the
            loss is that on the evaluation data; the edges' own training loss is dashed. --against says what the curves are drawn over:
            rounds, the seconds they took, or the bytes that moved both ways, which compares jobs by what they cost.
            """,
        examples: [
            "gedge plot job/digits -o curve.svg", "gedge plot digits digits-int8 --against bytes -o compared.svg",
        ],
        operands: [Operand(.resource(["job"]), isRepeatable: true)],
        flags: [
            Flag("output", short: "o", .file, "the file to write: FILE.svg, or - for standard output"),
            Flag(
                "against", .choice(PlotAxis.allCases.map(\.rawValue), placeholder: "WHAT"),
                "what the curves are drawn over: rounds, seconds or bytes (default: rounds)"),
        ]
    ) { invocation, context in
        guard let path = invocation.text("output") else { throw CommandError.usage("--output FILE is needed") }
        guard path.hasSuffix(".svg") || path == "-" else {
            throw CommandError.usage("--output takes a file that ends in .svg, or -, not '\(path)'")
        }
        let axis = invocation.text("against").flatMap(PlotAxis.init) ?? .rounds
        let names = try invocation.operands.map { try ResourceReference.name($0, of: .trainingJob) }
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw CommandError.usage("job/\(twice) is named twice")
        }
        guard names.count <= LearningPlot.mostJobs else {
            throw CommandError.usage(
                "\(names.count) jobs are too many for one picture; name at most \(LearningPlot.mostJobs)")
        }
        // Opened first: whoever cannot write there learns it before the core is asked.
        let file = path == "-" ? nil : try ReplacedFile(path, mode: 0o644)
        let curves = try await CoreClient.with(context) { core in
            var curves: [LearningCurve] = []
            for name in names {
                let job = try await RoundsCommand.job(name, core)
                var curve = LearningCurve(job: name)
                try await RoundHistory(core: core).forEach(of: job, after: 0) { curve.add($0) }
                curves.append(curve)
            }
            return curves
        }
        if curves.allSatisfy(\.points.isEmpty) {
            throw CommandError.failed("\(names.map { "job/\($0)" }.joined(separator: ", ")): no round is committed yet")
        }
        let text = LearningPlot(curves, against: axis).text
        guard let file else {
            try context.console.output.write(text)
            return .success
        }
        try file.write(text)
        try file.finish()
        let rounds = curves.reduce(0) { $0 + $1.points.count }
        try context.console.remark(
            "\(path): \(rounds) rounds of \(names.count == 1 ? "one job" : "\(names.count) jobs").")
        return .success
    }
}
