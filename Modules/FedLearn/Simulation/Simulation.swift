public import Contracts
public import Datasets
public import NeuralNet

/// A federated job with simulated clients in one process: training, strategies and exclusions are the platform's, without its
/// daemons.
///
/// Clients are called `edge-1`, `edge-2`, …: for edges of these names with the same shares the platform comes to the same models, bit
/// for bit.
public struct Simulation: Sendable {
    /// What is simulated beside the job.
    public struct Settings: Sendable {
        /// Clients that are asked in a round, drawn anew each time; all when `nil`.
        public var clientsPerRound: Int?
        /// Clients that train at the same time. It changes no bit of the result.
        public var threads: Int
        /// Where the round's models lie meanwhile: a model's size for each client that is asked.
        public var directory: String

        public init(clientsPerRound: Int? = nil, threads: Int = 1, directory: String = "/tmp") {
            self.clientsPerRound = clientsPerRound
            self.threads = threads
            self.directory = directory
        }
    }

    /// What became of a round.
    public struct Round: Codable, Sendable, Hashable {
        public var round: Int
        public var clients: Int
        public var samples: Int
        /// The clients' mean loss in their last epoch, by samples.
        public var trainingLoss: Double
        /// On the test data.
        public var accuracy: Double?
        public var loss: Double?
        /// Of a policy, as the core judges it.
        public var meanReturn: Double?
        public var seconds: Double
        /// Clients whose updates were left out, and why.
        public var excluded: [String: String]
        /// Of the updates as clients would send them, before DataSync compresses what moves.
        public var bytes: Int
    }

    /// How far it is.
    public enum Event: Sendable {
        /// So many of a round's clients have trained.
        case trained(Int, of: Int, round: Int)
        case finished(Round)
    }

    let document: TrainingJobDocument
    let strategies: StrategyCatalogue

    public var rounds: Int { document.spec.rounds }
    /// `nil` for a job that learns in an environment.
    public var data: DataSpec? { document.spec.data }
    public var seed: UInt64 { document.spec.seed ?? 0 }

    /// - Parameters:
    ///   - job: a `TrainingJob` as YAML or JSON.
    ///   - source: how messages name it, such as `job.yaml`.
    /// - Throws: what applying the job would.
    public init(job: String, source: String, strategies: StrategyCatalogue = .standard) throws {
        document = try TrainingJobDocument.read(job, source: source, strategies: strategies)
        self.strategies = strategies
    }

    /// Runs all rounds.
    /// - Parameters:
    ///   - train: all clients' data.
    ///   - shares: which samples of it each client has, as indices.
    ///   - test: what each round's model is judged on.
    ///   - report: called from several threads.
    /// - Returns: the last round's model.
    /// - Throws: `FedLearnError` for data that does not fit the job, and for a round with too few updates.
    public func run(
        on train: LabelledData, shares: [[Int]], test: LabelledData? = nil, settings: Settings = Settings(),
        report: @escaping @Sendable (Event) -> Void = { _ in }
    ) async throws -> [NamedTensor] {
        guard document.spec.environment == nil else {
            throw FedLearnError(
                "invalid", "the job has spec.environment: its clients need no data; give their number alone")
        }
        let engine = try SimulationEngine(
            document.spec, strategies: strategies, train: train, shares: shares, test: test, settings: settings)
        return try await engine.run(report)
    }

    /// Runs all rounds of a job that learns in an environment.
    /// - Parameters:
    ///   - clients: how many there are.
    ///   - report: called from several threads.
    /// - Returns: the last round's policy.
    /// - Throws: `FedLearnError` for a job that needs data, and for a round with too few updates.
    public func run(
        clients: Int, settings: Settings = Settings(), report: @escaping @Sendable (Event) -> Void = { _ in }
    ) async throws -> [NamedTensor] {
        guard document.spec.environment != nil else {
            throw FedLearnError("invalid", "the job has no spec.environment: its clients need data")
        }
        let engine = try SimulationEngine(
            document.spec, strategies: strategies, train: nil, shares: [[Int]](repeating: [], count: clients),
            test: nil,
            settings: settings)
        return try await engine.run(report)
    }
}
