// The numeric modules' benchmarks; Tools/bench runs them.
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch arguments.first {
    case "aggregate" where arguments.count == 1: try AggregateBenchmark().run()
    case "train" where arguments.count == 1: try TrainBenchmark().run()
    case "digits": try DigitsExperiment(arguments: Array(arguments.dropFirst())).run()
    default:
        print(
            "usage: bench-numerics aggregate|train\n       \(DigitsExperiment.usage)\nPrints measurements as lines of JSON."
        )
        exit(arguments.first == "--help" ? 0 : 2)
    }
} catch {
    let line = Array("bench-numerics: \(error)\n".utf8)
    // The status says it too.
    _ = write(STDERR_FILENO, line, line.count)
    exit(1)
}
