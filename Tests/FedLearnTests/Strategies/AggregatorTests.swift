import Contracts
import Core
import Tensor
import Testing

@testable import FedLearn

/// What holds for every strategy, whatever it computes.
@Suite struct AggregatorTests {
    private struct Sample {
        let shelf = ModelShelf(shapes: [[100, 130], [130]], shardValues: 10_000)
        var base: [Float] = []
        var updates: [[Float]] = []
        var counted: [CountedUpdate] = []

        init(clients: Int, seed: UInt64) throws {
            var generator = SplitMix64(seed: seed, labels: "aggregator")
            base = (0..<shelf.count).map { _ in Float(generator.nextNormal()) }
            for client in 0..<clients {
                updates.append(base.map { $0 + Float(generator.nextNormal()) * 0.3 })
                counted.append(
                    try ModelShelf.update(client + 10, samples: 10 + client, steps: 1 + client, baseLoss: 0.5))
            }
        }

        func aggregate(
            _ kind: String, memory: Int = Aggregator.standardMemory, ratio: Double = 100
        ) async throws -> Aggregator.Result {
            var spec = TrainingJobSpec(
                model: ModelSpec(kind: .softmax), data: DataSpec(dataset: try Name("x"), features: 1, classes: 2),
                rounds: 1)
            spec.optimizer = OptimizerSpec(momentum: 0)
            spec.strategy = StrategySpec(kind: kind)
            var aggregator = Aggregator(
                strategy: try StrategyCatalogue.standard.strategy(of: spec), read: { [shelf] in try shelf.read($0) })
            aggregator.memory = memory
            aggregator.exclusions.maximumNormRatio = ratio
            return try await aggregator.aggregate(
                Aggregator.Round(
                    updates: counted, manifests: try updates.map { try shelf.store($0) }, base: try shelf.store(base)))
        }
    }

    /// However little memory there is, and so however the model is cut: the same bits.
    @Test(arguments: StrategyCatalogue.standard.kinds) func memoryChangesNoBit(kind: String) async throws {
        let sample = try Sample(clients: 11, seed: 3)
        let whole = try await sample.aggregate(kind)
        let pieces = try await sample.aggregate(kind, memory: 1)
        #expect(pieces.model == whole.model)
        #expect(pieces.state == whole.state && pieces.norms == whole.norms)
        await Task.yield()
    }

    /// For few and for many clients: no more of the updates than the setting at a time, beside a shard of the model and one more.
    @Test(arguments: ["fedavg", "fedadam", "median", "multi-krum", "bulyan", "norm-clipping"], [7, 40])
    func memoryIsBoundedByTheSetting(kind: String, clients: Int) async throws {
        let sample = try Sample(clients: clients, seed: 9)
        let memory = 700_000
        _ = try await sample.aggregate(kind, memory: memory)
        let shard = sample.shelf.shardValues * 4
        #expect(sample.shelf.mostLent <= memory + 2 * shard && sample.shelf.mostLent >= 2 * shard)
        await Task.yield()
    }

    /// The bits of one weighted sum over all updates, whatever is measured on the way.
    @Test func federatedAveragingHasTheBitsOfOneWeightedSum() async throws {
        let sample = try Sample(clients: 19, seed: 8)
        let total = Double(sample.counted.reduce(0) { $0 + $1.samples })
        var expected = [Float](repeating: 0, count: sample.shelf.count)
        expected.withUnsafeMutableBufferPointer { sum in
            for (update, counted) in zip(sample.updates, sample.counted) {
                update.withUnsafeBufferPointer {
                    Kernels.accumulate(into: sum, from: $0, weight: Float(Double(counted.samples) / total))
                }
            }
        }
        let found = try await sample.aggregate("fedavg").model.flatMap(\.values)
        #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
    }

    @Test(arguments: StrategyCatalogue.standard.kinds)
    func whatDoesNotBelongToTheOthersIsNamed(kind: String) async throws {
        var sample = try Sample(clients: 9, seed: 4)
        sample.updates[2][11_000] = .nan
        sample.updates[5][13_050] = -.infinity
        sample.updates[7] = zip(sample.updates[7], sample.base).map { $1 + 1000 * ($0 - $1) }
        let error = await #expect(throws: Aggregator.Excluded.self) { try await sample.aggregate(kind) }
        let reasons = try #require(error).reasons
        #expect(reasons.keys.map(\.text).sorted() == ["edge-12", "edge-15", "edge-17"])
        #expect(reasons[try Name("edge-12")] == "its update holds NaN or infinity in tensor 'tensor0'")
        #expect(reasons[try Name("edge-15")] == "its update holds NaN or infinity in tensor 'tensor1'")
        let reason = try #require(reasons[try Name("edge-17")])
        #expect(
            reason.contains("times as large as the others'") && reason.contains("the limit is 100 times"), "\(reason)")
        // Nobody is left out who is within the job's own limit.
        sample.updates[2][11_000] = 0
        sample.updates[5][13_050] = 0
        _ = try await sample.aggregate(kind, ratio: 2000)
        await Task.yield()
    }

    /// A value whose square is beyond float32 is far away, not a NaN.
    @Test func aHugeUpdateIsTooLargeRatherThanNaN() async throws {
        var sample = try Sample(clients: 4, seed: 5)
        sample.updates[1][7] = 1e30
        let error = await #expect(throws: Aggregator.Excluded.self) { try await sample.aggregate("fedavg") }
        #expect(error?.reasons[try Name("edge-11")]?.contains("times as large") == true, "\(error as Any)")
    }

    @Test func ofTwoNobodyIsTheOddOne() {
        var survey = Survey(count: 2, measures: [])
        let base = [Float](repeating: 0, count: 4)
        for (index, value) in [Float(1), 10_000].enumerated() {
            [Float](repeating: value, count: 4).withUnsafeBytes { values in
                base.withUnsafeBytes { survey.add(index, values, base: $0, tensor: "x") }
            }
        }
        #expect(Exclusions().reasons(in: survey).isEmpty)
    }

    /// Two that are both far off do not hide behind each other, and one that stood still is not the measure.
    @Test func outliersAreFoundOneAfterTheOther() {
        var survey = Survey(count: 6, measures: [])
        let base: [Float] = [0]
        for (index, value) in [Float(1), 2, 0, 5000, 1.5, 900_000].enumerated() {
            [value].withUnsafeBytes { values in
                base.withUnsafeBytes { survey.add(index, values, base: $0, tensor: "x") }
            }
        }
        #expect(Exclusions().reasons(in: survey).keys.sorted() == [3, 5])
    }

    /// What a user writes: clip each coordinate to what the base had, and count rounds in a state of its own.
    private struct Halfway: Strategy {
        static let kind = "halfway"
        static let summary = "goes a part of the way to the mean"
        static let parameters = [StrategyParameter("part", "how far", standard: 0.5, in: 0...1)]
        let state = [StrategyState("rounds", initial: 1)]
        let part: Float

        init(_ settings: StrategySettings) { part = Float(settings.number("part")) }

        func combination(of round: StrategyRound) -> Combination { .mean(of: round) }

        func step(_ span: StrategySpan) {
            for i in span.model.indices {
                span.model[i] = span.base[i] + part * (span.model[i] - span.base[i])
                span.state[0][i] += 1
            }
        }
    }

    @Test func aStrategyFromElsewhereIsNamedByAJob() async throws {
        let catalogue = StrategyCatalogue.standard.adding([Halfway.self])
        let text = Federation.document(rounds: 1, strategy: "halfway, part: 0.25")
        let spec = try TrainingJobDocument.read(text, source: "job.yaml", strategies: catalogue).spec
        #expect(
            try JobDocumentation.text(for: ["spec", "strategy", "part"], strategies: catalogue).contains("of halfway"))
        let sample = try Sample(clients: 3, seed: 6)
        let result = try await Aggregator(
            strategy: try catalogue.strategy(of: spec), read: { try sample.shelf.read($0) }
        ).aggregate(
            Aggregator.Round(
                updates: sample.counted, manifests: try sample.updates.map { try sample.shelf.store($0) },
                base: try sample.shelf.store(sample.base)))
        let mean = try await sample.aggregate("fedavg").model.flatMap(\.values)
        let found = result.model.flatMap(\.values)
        for index in stride(from: 0, to: found.count, by: 997) {
            #expect(abs(found[index] - (sample.base[index] * 0.75 + mean[index] * 0.25)) < 1e-5)
        }
        #expect(result.state[0].allSatisfy { $0.values.allSatisfy { $0 == 2 } })
    }

    /// Says what no strategy may.
    private struct Broken: Strategy {
        static let kind = "broken"
        static let summary = ""
        static let parameters: [StrategyParameter] = []
        init(_ settings: StrategySettings) {}
        func combination(of round: StrategyRound) -> Combination { .coordinates(of: [0, 7]) { _, _ in } }
    }

    @Test func aStrategyThatNamesNobodysUpdateIsRefused() async throws {
        let sample = try Sample(clients: 3, seed: 7)
        let settings = StrategySettings([:], of: [], optimizer: OptimizerSpec())
        let error = await #expect(throws: FedLearnError.self) {
            try await Aggregator(strategy: Broken(settings), read: { try sample.shelf.read($0) }).aggregate(
                Aggregator.Round(
                    updates: sample.counted, manifests: try sample.updates.map { try sample.shelf.store($0) },
                    base: try sample.shelf.store(sample.base)))
        }
        #expect(error?.code == "bad-strategy")
    }
}
