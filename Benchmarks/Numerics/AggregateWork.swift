import Glibc
import Tensor

/// One aggregation, shared out to threads by spans of parameters.
final class AggregateWork: @unchecked Sendable {
    // @unchecked: threads read what never changes and write disjoint spans of the result.
    private let result: UnsafeMutableBufferPointer<Float>
    private let sources: [UnsafeRawBufferPointer]
    private let weights: [Float]
    private let threads: Int

    init(
        result: UnsafeMutableBufferPointer<Float>, sources: [UnsafeRawBufferPointer], weights: [Float], threads: Int
    ) {
        self.result = result
        self.sources = sources
        self.weights = weights
        self.threads = threads
    }

    func run() {
        var others: [pthread_t] = []
        for thread in 1..<max(2, threads) where thread < threads {
            var id = pthread_t()
            let box = Unmanaged.passRetained(Span(self, thread)).toOpaque()
            let status = pthread_create(
                &id, nil,
                { box in
                    guard let box else { return nil }
                    Unmanaged<Span>.fromOpaque(box).takeRetainedValue().run()
                    return nil
                }, box)
            precondition(status == 0, "the system refused a thread")
            others.append(id)
        }
        Span(self, 0).run()
        for id in others { pthread_join(id, nil) }
    }

    private final class Span {
        private let work: AggregateWork
        private let thread: Int

        init(_ work: AggregateWork, _ thread: Int) {
            self.work = work
            self.thread = thread
        }

        func run() {
            let size = (work.result.count + work.threads - 1) / work.threads
            let range = (thread * size)..<min(work.result.count, (thread + 1) * size)
            Kernels.weightedSum(
                into: UnsafeMutableBufferPointer(rebasing: work.result[range]),
                sources: work.sources.map {
                    UnsafeRawBufferPointer(rebasing: $0[(range.lowerBound * 4)..<(range.upperBound * 4)])
                }, weights: work.weights)
        }
    }
}
