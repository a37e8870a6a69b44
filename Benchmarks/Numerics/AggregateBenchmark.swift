import Core
import Glibc
import Tensor

/// `fedlearn.aggregate`: the weighted mean of 8 updates of 25 million parameters, by the kernel the coordinator uses, from
/// memory to memory, in GB/s of the bytes that must move (each update read once, the result written once).
struct AggregateBenchmark {
    private static let parameters = 25_000_000
    private static let updates = 8

    private let repeats: Int

    init(repeats: Int = 10) { self.repeats = repeats }

    func run() throws {
        let (parameters, updates) = (Self.parameters, Self.updates)
        var generator = SplitMix64(seed: 1, labels: "updates")
        let pattern = (0..<4096).map { _ in Float(generator.nextNormal()) }
        let sources = try (0..<updates).map { k in
            try Tensor(uninitialized: [parameters]) { values in
                for i in 0..<values.count { values[i] = pattern[(i &+ k &* 97) & 4095] }
            }
        }
        let weights = (1...updates).map { Float($0) / Float(updates * (updates + 1) / 2) }
        var result = try Tensor(zeros: [parameters])
        for (label, threads) in [("1 thread", 1), ("all CPUs", max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))] {
            let best = result.withUnsafeMutableBufferPointer { result in
                let bytes = sources.map { $0.storage.bytes }
                return (0..<repeats).map { _ in measure(result, bytes, weights, threads: threads) }.min() ?? .infinity
            }
            try check(result, sources, weights)
            let moved = Double((updates + 1) * parameters * 4)
            print(
                """
                {"benchmark":"fedlearn.aggregate","variant":"\(updates) x \(parameters / 1_000_000) M floats, \(label)",\
                "value":\(moved / best / 1e9),"unit":"GB/s","seconds":\(best)}
                """)
        }
    }

    /// Seconds for one aggregation; each thread takes a span of the parameters.
    private func measure(
        _ result: UnsafeMutableBufferPointer<Float>, _ sources: [UnsafeRawBufferPointer], _ weights: [Float],
        threads: Int
    ) -> Double {
        let work = AggregateWork(result: result, sources: sources, weights: weights, threads: threads)
        let clock = ContinuousClock()
        return clock.measure { work.run() }.seconds
    }

    /// A benchmark of wrong results measures nothing.
    private func check(_ result: Tensor, _ sources: [Tensor], _ weights: [Float]) throws {
        for i in stride(from: 0, to: result.count, by: 24_767) {
            let expected = zip(sources, weights).reduce(0.0) { $0 + Double($1.0[i]) * Double($1.1) }
            guard abs(Double(result[i]) - expected) <= 1e-5 else {
                throw Failure(code: "wrong", message: "element \(i) is \(result[i]), not \(expected)")
            }
        }
    }
}
