import Datasets

extension DataCommand {
    static let inspect = Command(
        "data", "inspect", topic: .local, summary: "check a data file and say what is in it",
        details:
            "Reads the whole file as an edge would; a missing value, a NaN or a ragged row is told with its place.",
        examples: ["gedge data inspect digits.csv", "gedge data inspect part-1.npz -o json"],
        operands: [Operand(.file)],
        flags: [
            Flag(
                "output", short: "o", .choice(["table", "json"], placeholder: "FORMAT"),
                "table or json (default: table)")
        ] + sourceFlags
    ) { invocation, context in
        let path = invocation.operands[0]
        let data = try source(path, invocation).load()
        let summary = DataSummary(path: path, data)
        if try OutputFormat(invocation) == .json {
            try context.console.print(try ResourceOutput.json(summary, isPretty: true))
            return .success
        }
        let rows = [
            ["File", path],
            ["Samples", NumberText.grouped(summary.samples)],
            ["Features", NumberText.grouped(summary.features)],
            ["Classes", "\(summary.classes), of which \(summary.samplesByClass.count { $0 > 0 }) occur"],
            ["Values", "\(summary.minimum) to \(summary.maximum), mean \(NumberText.fixed(summary.mean, digits: 4))"],
        ]
        for row in rows {
            try context.console.print("\(TextWidth.padded(row[0] + ":", 10))\(TextWidth.printable(row[1]))")
        }
        let classes = Table(
            columns: ["class", "samples", "share"],
            rows: summary.samplesByClass.enumerated().prefix(100).map { index, count in
                [String(index), String(count), NumberText.percent(Double(count) / Double(summary.samples))]
            })
        for line in classes.lines(palette: context.console.palette) { try context.console.print(line) }
        if summary.classes > 100 {
            try context.console.remark("Only the first 100 classes are listed; -o json has all.")
        }
        return .success
    }
}

/// What is in a data file.
struct DataSummary: Encodable, Sendable, Hashable {
    let path: String
    let samples: Int
    let features: Int
    let classes: Int
    let minimum: Float
    let maximum: Float
    let mean: Double
    let samplesByClass: [Int]

    init(path: String, _ data: LabelledData) {
        self.path = path
        samples = data.count
        features = data.featureCount
        classes = data.classCount
        minimum = data.features.min() ?? 0
        maximum = data.features.max() ?? 0
        mean = data.features.reduce(0) { $0 + Double($1) } / Double(max(1, data.features.count))
        samplesByClass = data.countsByClass
    }
}
