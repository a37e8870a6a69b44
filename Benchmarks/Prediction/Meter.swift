import Contracts
import Core
import FoundationEssentials
import Glibc
import NeuralNet
import Placement

/// Trains models of many shapes on many numbers of samples and prints how long each took, as the platform's edges train: one
/// thread, one round after the other. A record's seconds of computing are the processor's, its seconds in all the wall's.
struct Meter {
    private static let learned = 22
    private static let judged = 4
    private static let jobRounds = 5
    private static let jobShapes = [1, 4, 6, 8, 10, 13]

    private let hardware: String
    /// What the samples of a round lie between.
    private let samples: ClosedRange<Double>
    private var generator: SplitMix64
    private var shapes: [(shape: Shape, workload: TrainingWorkload, network: Network)] = []
    private var rounds = 0

    init(hardware: String, seed: UInt64, most: Int) throws {
        self.hardware = hardware
        samples = Double(most) / 15...Double(most)
        generator = SplitMix64(seed: seed, labels: "rounds", hardware)
        for shape in Shape.all { shapes.append((shape, try shape.workload(), try shape.network())) }
    }

    mutating func run() throws {
        // What the first of all rounds needs is loaded before it.
        for index in shapes.indices { _ = try train(index, samples: 64) }
        for _ in 0..<Self.learned {
            for index in shapes.indices.shuffled(using: &generator) {
                try measure(index, samples: drawn(), phase: .learn)
            }
        }
        for index in shapes.indices {
            let counts = ProbeDesign.sampleCounts(for: shapes[index].workload, samples: Int(samples.upperBound))
            for samples in counts { try measure(index, samples: samples, phase: .probe) }
        }
        for group in 0..<Self.judged {
            for index in shapes.indices.shuffled(using: &generator) {
                let samples = drawn()
                for _ in 0..<3 { try measure(index, samples: samples, phase: .truth, group: group) }
            }
        }
        for index in Self.jobShapes {
            let counts = (0..<3).map { _ in drawn() }
            for _ in 0..<Self.jobRounds {
                for (edge, samples) in counts.enumerated() {
                    try measure(index, samples: samples, phase: .job, edge: edge + 1)
                }
            }
        }
    }

    /// A number of samples, as likely in each octave.
    private mutating func drawn() -> Int {
        Int(samples.lowerBound * pow(samples.upperBound / samples.lowerBound, generator.nextUnit()))
    }

    /// Seconds of the processor and of the wall.
    private func train(_ index: Int, samples: Int) throws -> (processor: Double, wall: Double) {
        let (shape, _, initial) = shapes[index]
        let data = try shape.data(samples)
        var network = initial
        let options = TrainingOptions(epochs: shape.epochs, batchSize: shape.batch, seed: UInt64(samples))
        let start = Self.processorSeconds()
        let wall = try ContinuousClock().measure { try network.train(on: data, options: options) }.seconds
        return (Self.processorSeconds() - start, wall)
    }

    /// What this thread, which does all of the work, has had of a processor.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private mutating func measure(
        _ index: Int, samples: Int, phase: MeasuredRound.Phase, group: Int = 0, edge: Int = 0
    ) throws {
        let seconds = try train(index, samples: samples)
        rounds += 1
        let record = RoundRecord(
            jobUID: "\(phase.rawValue)-\(index)", job: try Name("job-\(index)"), round: rounds,
            edge: try Name("edge-\(edge)"), workload: shapes[index].workload, samples: samples,
            computeSeconds: seconds.processor, totalSeconds: seconds.wall, fetchedBytes: 0, sentBytes: 0,
            time: SystemWallClock().now()
        )
        let round = MeasuredRound(phase: phase, group: group, hardware: hardware, record: record)
        print(String(decoding: try JSONEncoder().encode(round), as: UTF8.self))
    }
}
