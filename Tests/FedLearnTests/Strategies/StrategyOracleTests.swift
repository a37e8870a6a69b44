import Contracts
import Core
import Foundation
import Tensor
import TestKit
import Testing

@testable import FedLearn

/// Every strategy over several rounds against an implementation in NumPy, written from the papers.
@Suite struct StrategyOracleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var kind: String
        var values: [String: Double] = [:]
        var clients = 8

        var testDescription: String { "\(kind) \(values) of \(clients)" }
    }

    static let cases = [
        Case(kind: "fedavg"), Case(kind: "fedavg", clients: 19), Case(kind: "fedprox", values: ["mu": 0.1]),
        Case(kind: "fedavgm"), Case(kind: "fedavgm", values: ["momentum": 0.5, "learningRate": 0.7]),
        Case(kind: "fedadagrad"), Case(kind: "fedadagrad", values: ["beta1": 0.3, "tau": 0.1]), Case(kind: "fedadam"),
        Case(kind: "fedadam", values: ["beta1": 0.5, "beta2": 0.8, "tau": 0.01, "learningRate": 0.3]),
        Case(kind: "fedyogi"), Case(kind: "fedyogi", values: ["beta2": 0.7, "tau": 0.5]), Case(kind: "fednova"),
        Case(kind: "qfedavg"), Case(kind: "qfedavg", values: ["q": 0]),
        Case(kind: "qfedavg", values: ["q": 2.5, "lipschitz": 3]), Case(kind: "median"),
        Case(kind: "median", clients: 13), Case(kind: "trimmed-mean"),
        Case(kind: "trimmed-mean", values: ["trim": 0.4], clients: 23), Case(kind: "krum"),
        Case(kind: "krum", values: ["byzantine": 4], clients: 12), Case(kind: "multi-krum"),
        Case(kind: "multi-krum", values: ["byzantine": 2, "selected": 3], clients: 9), Case(kind: "bulyan"),
        Case(kind: "bulyan", values: ["byzantine": 3], clients: 17), Case(kind: "norm-clipping"),
        Case(kind: "norm-clipping", values: ["maximumNorm": 40]), Case(kind: "scaffold"),
        Case(kind: "scaffold", values: ["learningRate": 0.6], clients: 19),
    ]

    private struct Settings: Encodable {
        var kind: String
        var values: [String: Double]
        var samples: [Int]
        var steps: [Int]
        var losses: [Double]
        var momentum: Double
        var learningRate: Double
        var rounds: Int
    }

    @Test func everyKindHasACase() {
        #expect(Set(Self.cases.map(\.kind)) == Set(StrategyCatalogue.standard.kinds))
    }

    @Test(.enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test"), arguments: cases)
    func agreesWithNumPy(made: Case) async throws {
        let shelf = ModelShelf(shapes: [[70, 90], [90], [3, 5]], shardValues: 2500)
        let rounds = 4
        var generator = SplitMix64(
            seed: 11,
            labels: [made.kind] + made.values.keys.sorted().map { "\($0) \(made.values[$0] ?? 0)" } + [
                "\(made.clients)"
            ])
        let base = (0..<shelf.count).map { _ in Float(generator.nextNormal()) }
        // Clouds of updates that move on, with a few that lie apart.
        let updates = (0..<rounds).map { round in
            (0..<made.clients).map { client in
                base.map { value in
                    value + 0.1 * Float(round) + Float(generator.nextNormal()) * (client % 4 == 3 ? 1.5 : 0.4)
                }
            }
        }
        let settings = Settings(
            kind: made.kind, values: made.values,
            samples: (0..<made.clients).map { _ in Int(generator.next() % 90) + 10 },
            steps: (0..<made.clients).map { _ in Int(generator.next() % 30) + 1 },
            losses: (0..<made.clients).map { _ in generator.nextUnit() * 2 + 0.1 }, momentum: 0.9, learningRate: 0.05,
            rounds: rounds)

        let folder = try TemporaryDirectory("strategies")
        try JSONEncoder().encode(settings).write(to: URL(fileURLWithPath: folder.file("settings.json")))
        try base.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: folder.file("base")))
        try updates.flatMap { $0.flatMap { $0 } }.withUnsafeBytes { Data($0) }
            .write(to: URL(fileURLWithPath: folder.file("updates")))
        try await Python.run(Python.peer("strategies_oracle.py"), [folder.path])
        func doubles(_ name: String) throws -> [Double] {
            try Data(contentsOf: URL(fileURLWithPath: folder.file(name))).withUnsafeBytes { bytes in
                (0..<(bytes.count / 8)).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
            }
        }
        let expected = try doubles("models")
        try #require(expected.count == rounds * shelf.count)

        var spec = TrainingJobSpec(
            model: ModelSpec(kind: .softmax), data: DataSpec(dataset: try Name("x"), features: 1, classes: 2),
            rounds: rounds)
        spec.optimizer = OptimizerSpec(
            learningRate: settings.learningRate, momentum: made.kind == "scaffold" ? 0 : settings.momentum)
        spec.strategy = StrategySpec(kind: made.kind, values: made.values)
        var model = try shelf.store(base)
        var state: [String: Manifest] = [:]
        var known: Set<Name> = []
        for round in 0..<rounds {
            // A new value each round, as after a restart.
            let strategy = try StrategyCatalogue.standard.strategy(of: spec)
            var counted: [CountedUpdate] = []
            for client in 0..<made.clients {
                counted.append(
                    try ModelShelf.update(
                        client + 10, samples: settings.samples[client], steps: settings.steps[client],
                        baseLoss: settings.losses[client]))
            }
            let result = try await Aggregator(strategy: strategy, read: { try shelf.read($0) }).aggregate(
                Aggregator.Round(
                    updates: counted, manifests: try updates[round].map { try shelf.store($0) }, base: model,
                    state: state, earlier: known))
            known.formUnion(counted.map(\.edge))
            let found = result.model.flatMap(\.values)
            let worst =
                zip(found, expected[round * shelf.count..<(round + 1) * shelf.count]).map { abs(Double($0) - $1) }
                .max() ?? .infinity
            // Values are of size 5 at most, and a server's step divides by at least tau + |delta|.
            #expect(worst < 2e-5, "round \(round + 1)")
            model = try shelf.store(result.model)
            for (kept, tensors) in zip(strategy.state, result.state) { state[kept.name] = try shelf.store(tensors) }
            guard round == rounds - 1, made.kind == "scaffold" else { continue }
            let (control, expectedControl) = (result.state[0].flatMap(\.values), try doubles("control"))
            #expect(expectedControl.contains { abs($0) > 0.1 })
            #expect(zip(control, expectedControl).allSatisfy { abs(Double($0) - $1) < 1e-4 * max(1, abs($1)) })
        }
    }
}
