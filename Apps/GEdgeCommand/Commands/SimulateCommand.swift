import Core
import Datasets
import FedLearn
import Glibc
import NeuralNet
import Telemetry
import YAMLKit

/// `gedge simulate`: a federated job on this machine alone.
enum SimulateCommand {
    /// A job file is text that a person wrote.
    private static let jobLimit = 4 << 20

    /// The outcome for a program.
    private struct Outcome: Encodable {
        var clients: Int
        var rounds: [Simulation.Round]
        var seconds: Double
    }

    static let command = Command(
        "simulate", topic: .local, summary: "run a job with simulated clients, without daemons",
        details: """
            Shares the data out to the clients and runs the job's rounds in this process: its model, optimiser, strategy and exclusions are those
            of the platform, and clients edge-1 to edge-N with the same shares come to the same models as edges of these names, bit for bit.
            A job with spec.environment needs no data. What the job says of machines and networks (placement, sync, deadline) plays no part. A round's models lie in $TMPDIR meanwhile.
            """,
        examples: [
            "gedge simulate -f job.yaml --data data/digits/digits.csv --scale 1/16 --clients 10 --by dirichlet --alpha 0.3 --holdout 0.2",
            "gedge simulate -f job.yaml --data train.npz --test test.npz --clients 1000 --sample 100 -o json",
            "gedge simulate -f examples/cartpole.yaml --clients 3",
        ],
        flags: [
            Flag("file", short: "f", .file, "the TrainingJob"),
            Flag(
                "data", short: "i", .file, "the data file that is shared out (none for a job with spec.environment)"),
            Flag("clients", short: "n", .integer, "how many clients there are"),
            Flag("sample", .integer, "how many are asked in a round, drawn anew each time (default: all)"),
            Flag("test", .file, "data that each round's model is judged on"),
            Flag("holdout", .number, "or the share of every class to set aside for that, such as 0.2"),
            Flag(
                "scale", .text(placeholder: "SCALE"),
                "how features are scaled, as in a daemon's configuration: a number, a fraction such as 1/16, or min-max"
            ),
            Flag("seed", .integer, "same seed, same shares (default: the job's)"),
            Flag("threads", .integer, "clients that train at the same time (default: one for each processor)"),
            Flag("model", .file, "write the last round's model to this file, as safetensors"),
            Flag(
                "output", short: "o", .choice(["table", "json"], placeholder: "FORMAT"),
                "table or json (default: table)"),
        ] + DataCommand.splitFlags + DataCommand.sourceFlags
    ) { invocation, context in
        guard let file = invocation.text("file"), let clients = try invocation.integer("clients", in: 1...1_000_000)
        else { throw CommandError.usage("--file JOB and --clients N are needed") }
        let format = try OutputFormat(invocation)
        let text = String(decoding: try FileText.read(file, limit: jobLimit), as: UTF8.self)
        let simulation = try Simulation(job: text, source: file)
        var settings = Simulation.Settings(
            clientsPerRound: try invocation.integer("sample", in: 1...clients),
            threads: try invocation.integer("threads", in: 1...1024)
                ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        if let directory = context.environment["TMPDIR"], !directory.isEmpty { settings.directory = directory }
        let data = try data(of: simulation, invocation, clients: clients)
        let began = ContinuousClock.now
        let (rounds, model) = try await run(
            simulation, on: data, clients, settings, tells: format != .json, context.console)
        if let path = invocation.text("model") { try Safetensors.write(model, to: path) }
        if format == .json {
            let outcome = Outcome(clients: clients, rounds: rounds, seconds: (ContinuousClock.now - began).seconds)
            try context.console.print(try ResourceOutput.json(outcome, isPretty: true))
        }
        return .success
    }

    private static func source(_ path: String, _ invocation: Invocation) throws -> DatasetSource {
        var source = try DataCommand.source(path, invocation)
        source.scale = try invocation.text("scale").map { try YAML.decode(Scaling.self, from: $0, source: "--scale") }
        return source
    }

    /// What clients train on.
    private struct Data: Sendable {
        var train: LabelledData
        var shares: [[Int]]
        var test: LabelledData?
    }

    /// - Returns: `nil` for a job that learns in an environment.
    private static func data(
        of simulation: Simulation, _ invocation: Invocation, clients: Int
    ) throws -> Data? {
        let path = invocation.text("data")
        guard simulation.data != nil else {
            let given = ["data", "test", "scale"].filter { invocation.text($0) != nil }
            guard given.isEmpty else {
                throw CommandError.usage("a job with spec.environment takes no --\(given.joined(separator: ", --"))")
            }
            return nil
        }
        guard let path else { throw CommandError.usage("--data FILE is needed") }
        let seed = try invocation.integer("seed").map { UInt64($0) } ?? simulation.seed
        var train = try source(path, invocation).load()
        var test = try invocation.text("test").map { try source($0, invocation).load() }
        if let share = try invocation.number("holdout") {
            guard test == nil else { throw CommandError.usage("give --test FILE or --holdout SHARE, not both") }
            (train, test) = try train.holdout(fraction: share, seed: seed)
        }
        let shares = try train.splitIndices(into: clients, by: try DataCommand.strategy(invocation), seed: seed)
        return Data(train: train, shares: shares, test: test)
    }

    /// Runs all rounds, and tells each as it ends.
    private static func run(
        _ simulation: Simulation, on data: Data?, _ clients: Int, _ settings: Simulation.Settings, tells: Bool,
        _ console: Console
    ) async throws -> ([Simulation.Round], [NamedTensor]) {
        let (events, mailbox) = AsyncStream<Simulation.Event>.makeStream()
        return try await withThrowingTaskGroup(of: [NamedTensor].self) { group in
            group.addTask {
                defer { mailbox.finish() }
                guard let data else {
                    return try await simulation.run(clients: clients, settings: settings) { mailbox.yield($0) }
                }
                return try await simulation.run(
                    on: data.train, shares: data.shares, test: data.test, settings: settings
                ) { mailbox.yield($0) }
            }
            var rounds: [Simulation.Round] = []
            var progress = ProgressDisplay("round 1/\(simulation.rounds)", unit: .items("clients"), console: console)
            if tells { try console.print(console.palette.bold(heading(isPolicy: data == nil))) }
            for await event in events {
                switch event {
                case .trained(let count, let all, _): try progress.show(done: count, total: all)
                case .finished(let round):
                    rounds.append(round)
                    try progress.clear()
                    if tells { try console.print(line(round, console.palette)) }
                    progress = ProgressDisplay(
                        "round \(round.round + 1)/\(simulation.rounds)", unit: .items("clients"), console: console)
                }
            }
            guard let model = try await group.next() else { throw CancellationError() }
            return (rounds, model)
        }
    }

    private static func heading(isPolicy: Bool) -> String {
        "round  \(isPolicy ? "  return" : "accuracy")     loss  training loss  clients       time"
    }

    private static func line(_ round: Simulation.Round, _ palette: Palette) -> String {
        let cells = [
            TextWidth.padded(String(round.round), 5, alignRight: true),
            TextWidth.padded(
                round.meanReturn.map { NumberText.fixed($0, digits: 2) } ?? round.accuracy.map(NumberText.percent)
                    ?? "-", 8, alignRight: true),
            TextWidth.padded(round.loss.map { NumberText.fixed($0, digits: 4) } ?? "-", 7, alignRight: true),
            TextWidth.padded(NumberText.fixed(round.trainingLoss, digits: 4), 13, alignRight: true),
            TextWidth.padded(String(round.clients), 7, alignRight: true),
            TextWidth.padded(NumberText.span(seconds: round.seconds), 9, alignRight: true),
        ]
        let text = cells.joined(separator: "  ")
        guard !round.excluded.isEmpty else { return text }
        let told = round.excluded.sorted { $0.key < $1.key }.prefix(3).map {
            "\($0.key): \(TextWidth.printable($0.value))"
        }
        let rest = round.excluded.count > 3 ? " and \(round.excluded.count - 3) more" : ""
        return text + "  " + palette.yellow("without \(told.joined(separator: "; "))\(rest)")
    }
}
