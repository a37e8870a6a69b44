import Glibc

/// One measurement, as Tools/bench reads it.
struct Measurement {
    let benchmark: String
    let variant: String
    let value: Double
    let unit: String

    func print() {
        let rounded = (value * 1000).rounded() / 1000
        Swift.print(
            #"{"benchmark":"\#(benchmark)","variant":"\#(variant)","value":\#(rounded),"unit":"\#(unit)"}"#)
    }

    /// The least seconds of one core that a few runs of `body` took; what else the machine does hardly matters.
    static func seconds(runs: Int = 5, _ body: () throws -> Void) rethrows -> Double {
        try (0..<runs).map { _ in
            let start = processorSeconds()
            try body()
            return processorSeconds() - start
        }.min() ?? .infinity
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        let status = clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        precondition(status == 0, "the system has no clock of a thread")
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
