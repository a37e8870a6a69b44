import Core
import Placement

/// The fastest place of each job of a batch, as if it were alone.
struct PlacementAloneReport: Encodable, Sendable, Hashable {
    struct Job: Encodable, Sendable, Hashable {
        let id: Int
        /// None for a job that fits nowhere.
        let seconds: Double?
        /// Node and NUMA domain of each worker, -1 for one that spans domains.
        let workers: [[Int]]
        /// What is short, for a job that fits nowhere.
        let refusal: String?
    }

    let instance: String
    let nodes: Int
    let jobs: [Job]
    /// Seconds that the index took to build.
    let indexSeconds: Double
    /// Microseconds until one job is found: the median, the 99th percentile and the largest.
    let medianMicroseconds: Double
    let percentile99Microseconds: Double
    let largestMicroseconds: Double

    /// Places each job of a problem `rounds` times on an index of it.
    init(_ problem: BatchProblem, rounds: Int) {
        let clock = ContinuousClock()
        let start = clock.now
        var index = PlacementIndex(problem)
        indexSeconds = (clock.now - start).seconds
        var found: [JobPlacement?] = []
        var times: [Double] = []
        for round in 0..<rounds {
            for job in problem.jobs {
                let start = clock.now
                let placement = index.place(job)
                times.append((clock.now - start).seconds * 1e6)
                if round == 0 { found.append(placement) }
            }
        }
        times.sort()
        func percentile(_ share: Double) -> Double {
            times.isEmpty ? 0 : times[min(times.count - 1, Int(share * Double(times.count)))]
        }
        medianMicroseconds = percentile(0.5)
        percentile99Microseconds = percentile(0.99)
        largestMicroseconds = times.last ?? 0
        instance = problem.name
        nodes = problem.nodeCount
        jobs = found.enumerated().map { id, placement in
            Job(
                id: id, seconds: placement?.seconds,
                workers: (placement?.workers ?? []).map { [$0.node, $0.domain ?? -1] },
                refusal: placement == nil
                    ? index.refusal(of: problem.jobs[id]).summary(hardware: problem.hardware) : nil)
        }
    }

    /// The report for a person.
    func lines(_ problem: BatchProblem) -> [String] {
        var lines = ["JOB     WORKERS  SECONDS"]
        for job in jobs {
            let (id, count) = (TextWidth.padded("\(job.id)", 8), TextWidth.padded("\(job.workers.count)", 9))
            let seconds = job.seconds.map { NumberText.fixed($0, digits: 3) }
            lines.append(id + count + (seconds ?? TextWidth.printable(job.refusal ?? "")))
        }
        let micros = [medianMicroseconds, percentile99Microseconds, largestMicroseconds]
            .map { NumberText.fixed($0, digits: 1) }
        lines.append(
            "\(NumberText.grouped(nodes)) nodes indexed in \(NumberText.fixed(1000 * indexSeconds, digits: 1)) ms; "
                + "a job found in \(micros[0]) us (median), \(micros[1]) us (99th percentile), \(micros[2]) us (largest)"
        )
        return lines
    }
}
