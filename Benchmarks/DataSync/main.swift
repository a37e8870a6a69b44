// DataSync's benchmarks; Tools/bench runs them.
import Core
import Glibc

let usage = """
    usage: bench-datasync size|finetune DATASET   with the digits' CSV file
           bench-datasync chunk
           bench-datasync models DATASET FOLDER   writes what is measured, for the peers
    Prints measurements as lines of JSON.
    """

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch (arguments.first, arguments.count) {
    case ("size", 2):
        let digits = try DigitsModels(dataset: arguments[1])
        try SizeBenchmark().run([("digits", digits.trained), ("initialised", .initialised())])
    case ("finetune", 2):
        let digits = try DigitsModels(dataset: arguments[1])
        try FinetuneBenchmark().run(base: digits.trained, [("SGD", digits.bySGD), ("Adam", digits.byAdam)])
    case ("chunk", 1): try ChunkBenchmark().run()
    case ("models", 3):
        let digits = try DigitsModels(dataset: arguments[1])
        let models = [
            ("digits", digits.trained), ("SGD", digits.bySGD), ("Adam", digits.byAdam), ("initialised", .initialised()),
        ]
        for (name, model) in models { try model.write(to: "\(arguments[2])/\(name)") }
    default:
        print(usage)
        exit(arguments.first == "--help" ? 0 : 2)
    }
} catch {
    let line = Array("bench-datasync: \(error)\n".utf8)
    // The status says it too.
    _ = write(STDERR_FILENO, line, line.count)
    exit(1)
}
