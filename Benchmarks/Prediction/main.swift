// Predictions of placement beside what training takes on this machine; Benchmarks/prediction.py runs it.
import Glibc

let usage = """
    usage: bench-prediction measure known|new SEED MOST
                                                      times rounds of at most so many samples, one a line of JSON
           bench-prediction judge processor|wall < LINES
                                                      compares predictions with them
    """
let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch (arguments.first, arguments.count) {
    case ("measure", 4):
        guard let seed = UInt64(arguments[2]), let most = Int(arguments[3]), most >= 100 else { fallthrough }
        var meter = try Meter(hardware: arguments[1], seed: seed, most: most)
        try meter.run()
    case ("judge", 2):
        guard let clock = Judge.Clock(rawValue: arguments[1]) else { fallthrough }
        var lines: [String] = []
        while let line = readLine() { lines.append(line) }
        try Judge(lines: lines, clock: clock).run()
    default:
        print(usage)
        exit(arguments.first == "--help" ? 0 : 2)
    }
} catch {
    let line = Array("bench-prediction: \(error)\n".utf8)
    // The status says it too.
    _ = write(STDERR_FILENO, line, line.count)
    exit(1)
}
