/// One training job of a batch: what it asks of a worker, and what its time depends on.
package struct BatchJob: Sendable, Hashable {
    /// How the job trains, which decides what moves over the links.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Rounds on the nodes that hold the data; the model moves.
        case federated
        /// Rounds of policy out and trajectories in; there is no data to stay with.
        case reinforcement
        /// One worker, to which all data moves.
        case centralised
        /// One worker, to which a trained model and the data move.
        case transfer

        /// Whether the time is that of the slowest worker of a round, not that of data moved to one worker.
        package var hasRounds: Bool { self == .federated || self == .reinforcement }
    }

    /// Who speaks to the core over an edge's link.
    package enum Aggregation: String, Sendable, Hashable, CaseIterable {
        /// Every worker for itself: one flow a worker.
        case flat
        /// One aggregator at the edge: one flow an edge.
        case hierarchical = "hier"
    }

    /// The samples of the job that lie on a node.
    package struct Shard: Sendable, Hashable {
        package var node: Int
        package var samples: Double

        package init(node: Int, samples: Double) {
            self.node = node
            self.samples = samples
        }
    }

    package var kind = Kind.federated
    package var aggregation = Aggregation.flat
    /// How many workers, on as many nodes.
    package var workers = 1
    /// The objective per second of the job's time.
    package var weight = 1.0
    /// What one worker takes.
    package var request = Resources()
    /// Whether a worker must stay inside one NUMA domain.
    package var needsOneDomain = false
    /// Factor on a worker's computation when it spans domains.
    package var spanPenalty = 1.0
    /// Seconds per sample for each accelerator class; `nil` where the job cannot run.
    package var secondsPerSample: [Double?] = []
    package var rounds = 0.0
    /// MB that a worker receives, and sends, each time a model moves.
    package var downloadSize = 0.0
    package var uploadSize = 0.0
    /// Factors on the time that the model moves and that the data moves.
    package var modelOverhead = 1.0
    package var dataOverhead = 1.0
    /// Seconds before the first round, and seconds of aggregation a round.
    package var setup = 0.0
    package var aggregationTime = 0.0
    /// Seconds that count when the job is not placed.
    package var deferral = 0.0
    /// MB per sample.
    package var sampleSize = 0.0
    /// Where the data lies.
    package var shards: [Shard] = []
    /// The edges whose nodes may be used; not for federated jobs, which go where their shards are.
    package var scope: [Int] = []
    /// Samples of each worker when there are no shards.
    package var samples = 0.0
    /// The least samples that the chosen workers hold together (federated).
    package var coverage = 0.0

    package init() {}
}
