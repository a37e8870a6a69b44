// The message bus's benchmarks; Tools/bench runs them.
import Glibc
import MessageBus

// As the daemons do.
FrameMemory.keepPages()
let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch arguments.first {
    case "roundtrip" where arguments.count <= 2: try await RoundTripBenchmark(only: arguments.dropFirst().first).run()
    case "throughput" where arguments.count <= 2: try await ThroughputBenchmark(only: arguments.dropFirst().first).run()
    default:
        print("usage: bench-bus roundtrip|throughput [VARIANT]\nPrints measurements as lines of JSON.")
        exit(arguments.first == "--help" ? 0 : 2)
    }
} catch {
    let line = Array("bench-bus: \(error)\n".utf8)
    // The status says it too.
    _ = write(STDERR_FILENO, line, line.count)
    exit(1)
}
