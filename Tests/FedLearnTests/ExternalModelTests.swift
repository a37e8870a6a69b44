import Contracts
import Core
import MessageBus
import Telemetry
import Tensor
import TestKit
import Testing

@testable import FedLearn

@Suite struct ExternalModelTests {
    private static let document = """
        apiVersion: gedge/v1
        kind: TrainingJob
        metadata: {group: test, project: points, name: points}
        spec:
          model: {kind: external}
          data: {dataset: points}
          rounds: 3
          clients: {minimum: 2}
          roundDeadlineSeconds: 20
        """

    /// Adds a number to every value.
    private struct Shifter: TrainerProvider {
        var shift: Float
        var samples: Int
        /// What its fit returns in place of the model.
        var result: (@Sendable ([Tensor]) throws -> [Tensor])?

        func ask(
            _ work: TrainerWork, _ task: TrainerTask, tensors: [Tensor], until deadline: ContinuousClock.Instant,
            trace: TraceID
        ) async throws -> TrainerAnswer {
            switch work {
            case .initialise:
                let tensors = [try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]), try Tensor([-1], shape: [1])]
                return TrainerAnswer(
                    TrainerResult(
                        tensors: zip(["weight", "bias"], tensors).map { TensorSpec(name: $0, shape: $1.shape) }),
                    tensors: tensors)
            case .fit:
                let moved = try tensors.map { try Tensor($0.values.map { $0 + shift }, shape: $0.shape) }
                let fitted = try result.map { try $0(moved) } ?? moved
                let specs = fitted.enumerated().map { TensorSpec(name: "\($0.offset)", shape: $0.element.shape) }
                return TrainerAnswer(
                    TrainerResult(tensors: specs, samples: samples, metrics: ["loss": Double(shift)]), tensors: fitted)
            case .evaluate:
                return TrainerAnswer(
                    TrainerResult(
                        samples: samples, loss: Double(tensors[0].values[0]), metrics: ["accuracy": 1 / Double(samples)]
                    ))
            }
        }
    }

    private static func trainers(
        _ second: Shifter = Shifter(shift: 4, samples: 60)
    ) throws -> [Name: any TrainerProvider] {
        [
            try Name("edge-1"): Shifter(shift: 1, samples: 20), try Name("edge-2"): second,
            try Name("edge-3"): Shifter(shift: 2, samples: 20),
        ]
    }

    private static func train(_ trainers: [Name: any TrainerProvider]) async throws -> (TrainingJobStatus, [Tensor]) {
        try await Federation().run(trainers: trainers) { bus, _ in
            let status = try await Federation.train(bus, document)
            let transfer = ModelTransfer(bus: bus, trace: .none)
            guard let last = status.rounds.last else { return (status, []) }
            return (status, try await transfer.read(try await transfer.manifest(last.manifest)))
        }
    }

    @Test func theModelIsTheWeightedMeanOfWhatTheTrainersReturn() async throws {
        let (status, tensors) = try await Self.train(try Self.trainers())
        #expect(status.phase == .succeeded && status.completedRounds == 3)
        // (20 · 1 + 60 · 4 + 20 · 2) / 100 = 3, in each of three rounds.
        #expect(tensors.map(\.shape) == [[2, 3], [1]])
        for (value, expected) in zip(tensors.flatMap(\.values), [10, 11, 12, 13, 14, 15, 8] as [Float]) {
            #expect(abs(value - expected) < 1e-5)
        }
        for (round, expected) in zip(status.rounds, [4, 7, 10]) {
            #expect(abs((round.loss ?? 0) - Double(expected)) < 1e-5)
        }
        // (20 · 1/20 + 60 · 1/60 + 20 · 1/20) / 100
        for round in status.rounds { #expect(abs((round.accuracy ?? 0) - 0.03) < 1e-12) }
        #expect(status.rounds.allSatisfy { $0.contributors.map(\.samples) == [20, 60, 20] })
        let again = try await Self.train(try Self.trainers()).0
        #expect(again.rounds.map(\.manifest) == status.rounds.map(\.manifest))
    }

    @Test(arguments: ["shape", "number", "values"])
    func aTrainerThatReturnsNonsenseIsLeftOutByName(_ kind: String) async throws {
        let nonsense = Shifter(shift: 4, samples: 60) { tensors in
            switch kind {
            case "shape": [try Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]), tensors[1]]
            case "number": [tensors[0]]
            default: [tensors[0], try Tensor([.nan], shape: [1])]
            }
        }
        let (status, tensors) = try await Self.train(try Self.trainers(nonsense))
        let name = try Name("edge-2")
        #expect(status.phase == .succeeded)
        for round in status.rounds {
            #expect(round.contributors.map(\.edge.text) == ["edge-1", "edge-3"])
            let absence = try #require(round.absent.first)
            #expect(absence.edge == name)
            let word =
                ["shape": "tensor 0 with shape [3, 2]", "number": "1 tensors; the model has 2"][kind] ?? "NaN"
            #expect(absence.reason.contains(word), "\(absence.reason)")
        }
        #expect(tensors.first?.values.first == 1 + 3 * 1.5)
    }

    @Test func anEdgeWithoutATrainerIsLeftOutByName() async throws {
        var trainers = try Self.trainers()
        trainers[try Name("edge-1")] = nil
        let (status, _) = try await Self.train(trainers)
        #expect(status.phase == .succeeded)
        #expect(status.rounds.allSatisfy { $0.absent.map(\.edge.text) == ["edge-1"] })
        #expect(status.rounds[0].absent[0].reason.contains("lets no trainers connect"))
    }

    @Test func aDeskWaitsForATrainerUntilItsDeadline() async throws {
        let desk = TrainerDesk(edge: try Name("edge-1"), logger: .disabled)
        let task = TrainerTask(job: try Name("job"), dataset: try Name("photos"), round: 1, seed: 0)
        let error = await #expect(throws: FedLearnError.self) {
            try await desk.ask(.fit, task, tensors: [], until: .now + .milliseconds(10), trace: .none)
        }
        #expect(error?.code == "no-trainer")
        #expect(error?.message.contains("no trainer for data set 'photos' is connected to edge 'edge-1'") == true)
    }

    /// A trainer goes away at work; the next one does it.
    @Test func workThatATrainerTookAlongIsGivenToTheNext() async throws {
        let context = BusContext()
        let desk = TrainerDesk(edge: try Name("edge-1"), logger: .disabled, context: context)
        let address = try BusAddress("inproc://trainers")
        try desk.listen(at: address)
        let task = TrainerTask(job: try Name("job"), dataset: try Name("photos"), round: 1, seed: 0)
        let hello = TrainerHello(dataset: task.dataset, software: "test")
        let (asked, ask) = AsyncStream<Void>.makeStream()
        @Sendable func trainer(_ name: String, answers: Bool) async throws {
            let bus = Bus(configuration: BusConfiguration(identity: PeerID(try Name(name))), context: context)
            bus.handle(TrainerContract.fit) { (request: Inbound<TrainerTask>) -> Outbound<TrainerResult> in
                ask.yield()
                if !answers { try await Task.sleep(for: .seconds(3600)) }
                return Outbound(
                    TrainerResult(tensors: [TensorSpec(name: "weight", shape: [2])], samples: 5),
                    attachments: request.attachments)
            }
            try bus.connect(address, as: .core, security: .none)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bus.run() }
                group.addTask {
                    try await bus.ready(.core, timeout: .seconds(20))
                    _ = try await bus.call(TrainerContract.hello, hello, to: .peer(.core))
                }
                try await group.waitForAll()
            }
        }
        let answer = try await withThrowingTaskGroup(of: TrainerAnswer?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await desk.run()
                return nil
            }
            group.addTask {
                try await withThrowingTaskGroup(of: Void.self) { inner in
                    inner.addTask { try await trainer("mortal", answers: false) }
                    for await _ in asked { break }
                    try Task.checkCancellation()
                    inner.cancelAll()
                }
                try await trainer("heir", answers: true)
                return nil
            }
            group.addTask {
                try await desk.ask(
                    .fit, task, tensors: [try Tensor([1, 2], shape: [2])], until: .now + .seconds(60), trace: .none)
            }
            while let answer = try await group.next() { if let answer { return answer } }
            throw CancellationError()
        }
        #expect(answer.result.samples == 5)
        #expect(answer.tensors.map(\.values) == [[1, 2]])
    }

    @Test(arguments: [
        ("model: {kind: external, hidden: [3]}", "spec.model.hidden"),
        ("model: {kind: external, personal: [a]}", "spec.model.personal"),
        ("data: {dataset: points, features: 3}", "spec.data.features"),
        ("evaluation: {dataset: test}", "spec.evaluation"),
    ])
    func whatOnlyTheTrainersKnowIsLeftOut(_ line: String, _ field: String) throws {
        let key = line.prefix { $0 != ":" }
        var lines = Self.document.split(separator: "\n").filter { !$0.hasPrefix("  \(key):") }.map(String.init)
        lines.append("  \(line)")
        let error = #expect(throws: FedLearnError.self) {
            try TrainingJobDocument.read(lines.joined(separator: "\n"), source: "job.yaml")
        }
        #expect(error?.message.contains("\(field) must be left out for an external model") == true)
    }

    @Test func aModelOfThePlatformStillNeedsItsFeatures() throws {
        let text = Self.document.replacingOccurrences("kind: external", with: "kind: softmax")
        let error = #expect(throws: FedLearnError.self) { try TrainingJobDocument.read(text, source: "job.yaml") }
        #expect(error?.message.contains("spec.data.features must be 1 to 1000000, not 0") == true)
    }
}

extension String {
    fileprivate func replacingOccurrences(_ old: String, with new: String) -> String {
        split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}
