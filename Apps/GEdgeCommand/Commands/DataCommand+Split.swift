import Datasets
import Glibc

extension DataCommand {
    static let split = Command(
        "data", "split", topic: .local, summary: "share a data file out into one file for each edge",
        details: """
            Writes part-1 to part-N into the directory. With --holdout that share of every class is set aside first, as 'test', and
            everything else is written together as 'train' too, for a model trained centrally. The same seed makes the same files.

            --by iid        equal shares of a random order
            --by dirichlet  each class shared out by a draw from Dirichlet(alpha): the smaller alpha, the more skewed
            --by quantity   sizes as --proportions says, or by a draw from Dirichlet(alpha)
            """,
        examples: [
            "gedge data split --input digits.csv --output shares --parts 3 --by dirichlet --alpha 0.5 --holdout 0.2",
            "gedge data split --input train-images-idx3-ubyte.gz --output mnist --parts 4 --by quantity --proportions 4,2,1,1",
        ],
        flags: [
            Flag("input", short: "i", .file, "the data file"),
            Flag("output", short: "o", .directory, "the directory to write to; made when it is not there"),
            Flag("parts", short: "n", .integer, "how many parts"),
            Flag("holdout", .number, "the share to set aside for testing, such as 0.2"),
            Flag("seed", .integer, "same seed, same parts (default: 0)"),
            Flag("format", .choice(["csv", "npz", "npy"], placeholder: "FORMAT"), "csv, npz or npy (default: csv)"),
        ] + splitFlags + sourceFlags
    ) { invocation, context in
        guard let input = invocation.text("input"), let directory = invocation.text("output"),
            let parts = try invocation.integer("parts", in: 1...100_000)
        else { throw CommandError.usage("--input FILE, --output DIR and --parts N are needed") }
        let strategy = try strategy(invocation)
        let seed = UInt64(try invocation.integer("seed") ?? 0)
        let format = invocation.text("format")?.lowercased() ?? "csv"

        var data = try source(input, invocation).load()
        var files: [(name: String, data: LabelledData)] = []
        if let share = try invocation.number("holdout") {
            let (rest, heldOut) = try data.holdout(fraction: share, seed: seed)
            files = [("train", rest), ("test", heldOut)]
            data = rest
        }
        let shares = try data.split(into: parts, by: strategy, seed: seed)
        files = shares.enumerated().map { ("part-\($0 + 1)", $1) } + files

        try prepare(directory, parts: parts)
        for file in files { try write(file.data, to: "\(directory)/\(file.name)", format) }
        let suffix = format == "npy" ? ".features.npy" : ".\(format)"
        let named = files.map { (name: $0.name + suffix, data: $0.data) }
        for line in table(named).lines(palette: context.console.palette) { try context.console.print(line) }
        return .success
    }

    /// The flags that say how samples are shared out.
    static let splitFlags = [
        Flag(
            "by", .choice(["iid", "dirichlet", "quantity"], placeholder: "RULE"),
            "iid, dirichlet or quantity (default: iid)"),
        Flag("alpha", .number, "concentration of the Dirichlet distribution (default with dirichlet: 0.5)"),
        Flag("proportions", .text(placeholder: "P,P,..."), "the parts' sizes in proportion, such as 3,2,1"),
    ]

    static func strategy(_ invocation: Invocation) throws -> SplitStrategy {
        let alpha = try invocation.number("alpha")
        let proportions = try invocation.text("proportions").map { text in
            try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let value = Double(word), value > 0, value.isFinite else {
                    throw CommandError.usage("flag --proportions takes positive numbers such as 3,2,1, not '\(text)'")
                }
                return value
            }
        }
        switch invocation.text("by")?.lowercased() ?? "iid" {
        case "dirichlet": return .dirichlet(alpha: alpha ?? 0.5, proportions: proportions)
        case "quantity":
            switch (alpha, proportions) {
            case (let alpha?, nil): return .dirichletQuantity(alpha: alpha)
            case (nil, let proportions?): return .quantity(proportions: proportions)
            default: throw CommandError.usage("--by quantity needs either --proportions P,P,... or --alpha X")
            }
        default:
            if alpha != nil || proportions != nil {
                throw CommandError.usage(
                    "--by iid makes equal parts; --alpha and --proportions are for dirichlet and quantity")
            }
            return .iid
        }
    }

    /// Makes the directory, and refuses one that holds parts of an earlier, larger split.
    private static func prepare(_ directory: String, parts: Int) throws {
        try FileText.makeDirectory(directory)
        for name in SystemMachine().entries(of: directory) where name.hasPrefix("part-") {
            let number = name.dropFirst("part-".count).prefix { $0.isNumber }
            if let number = Int(number), number > parts {
                throw CommandError.failed(
                    "\(directory)/\(name) is left from an earlier split into more parts; remove it or choose another directory"
                )
            }
        }
    }

    private static func write(_ data: LabelledData, to stem: String, _ format: String) throws {
        switch format {
        case "npz": try data.writeNPZ(to: stem + ".npz")
        case "npy": try data.writeNPY(features: stem + ".features.npy", labels: stem + ".labels.npy")
        default: try data.writeCSV(to: stem + ".csv")
        }
    }
}
