import Contracts
import Core
import MessageBus
import TestKit
import Testing

@testable import FedLearn

/// Jobs that are paused, resumed and cancelled.
@Suite struct JobControlTests {
    private static func text(_ rounds: Int) -> String { Federation.document(rounds: rounds, deadline: 120, minimum: 3) }

    private static func control(_ action: JobControl.Action, _ bus: Bus) async throws {
        _ = try await bus.call(FedLearnContract.control, JobControl(job: try Name("points"), action: action))
    }

    private static func status(_ bus: Bus) async throws -> TrainingJobStatus {
        let list = try await bus.call(ResourceContract.get(.trainingJob), ResourceQuery(name: "points")).body
        return try #require(list.items.first).status.decoded(as: TrainingJobStatus.self)
    }

    /// Applies a job and returns once so many rounds are committed.
    private static func begin(_ rounds: Int, committed: Int, _ bus: Bus) async throws {
        _ = try await bus.call(
            ResourceContract.apply(.trainingJob), ApplyRequest(text: text(rounds), source: "test.yaml"))
        for try await record in try await bus.stream(
            ResourceContract.watch(.trainingJob), ResourceName(name: "points"))
        {
            if try record.body.status.decoded(as: TrainingJobStatus.self).completedRounds >= committed { return }
        }
    }

    /// Takes hold of a running job; on a busy machine it may have ended before the call came.
    /// - Returns: whether it was held.
    private static func held(by action: JobControl.Action, _ bus: Bus) async throws -> Bool {
        do { try await control(action, bus) } catch {
            #expect(try await status(bus).phase == .succeeded, "\(error)")
            return false
        }
        return true
    }

    /// Paused at any moment, through a restart, the job ends with the models of one that nobody paused.
    @Test(arguments: [0, 1, 3]) func aPausedJobGoesOnToTheSameModels(committed: Int) async throws {
        let rounds = 12
        let whole = try await Federation().run { bus, _ in try await Federation.train(bus, Self.text(rounds)) }
        let federation = try Federation()
        let paused: TrainingJobStatus? = try await federation.run { bus, _ -> TrainingJobStatus? in
            try await Self.begin(rounds, committed: committed, bus)
            guard try await Self.held(by: .pause, bus) else { return Optional<TrainingJobStatus>.none }
            try await Self.control(.pause, bus)
            let status = try await Self.status(bus)
            // Nothing goes on behind it.
            for _ in 0..<20 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(try await Self.status(bus) == status)
            return status
        }
        guard let paused else { return }
        #expect(paused.phase == .paused && paused.completedRounds >= committed && paused.completedRounds < rounds)
        let status = try await federation.run { bus, _ in
            #expect(try await Self.status(bus).phase == .paused)
            try await Self.control(.resume, bus)
            return try await Federation.end(bus)
        }
        #expect(status.rounds.map(\.manifest) == whole.rounds.map(\.manifest))
        #expect(status.rounds.allSatisfy { $0.contributors.count == 3 })
    }

    @Test func aCancelledJobKeepsItsModelsAndGoesOnWhenItIsAppliedAgain() async throws {
        let rounds = 12
        let whole = try await Federation().run { bus, _ in try await Federation.train(bus, Self.text(rounds)) }
        let status = try await Federation().run { bus, _ in
            try await Self.begin(rounds, committed: 2, bus)
            guard try await Self.held(by: .cancel, bus) else { return try await Self.status(bus) }
            let cancelled = try await Federation.end(bus)
            #expect(cancelled.phase == .cancelled && cancelled.completedRounds >= 2)
            #expect(cancelled.rounds.map(\.manifest) == whole.rounds.prefix(cancelled.completedRounds).map(\.manifest))
            await #expect {
                try await Self.control(.resume, bus)
            } throws: {
                "\($0)".contains("job 'points' is over (Cancelled), so there is nothing to resume")
            }
            return try await Federation.train(bus, Self.text(rounds))
        }
        #expect(status.phase == .succeeded && status.rounds.map(\.manifest) == whole.rounds.map(\.manifest))
    }

    @Test func aJobThatIsPausedAndResumedAllTheTimeStillEnds() async throws {
        let whole = try await Federation().run { bus, _ in try await Federation.train(bus, Self.text(4)) }
        let status = try await Federation().run { bus, _ in
            try await Self.begin(4, committed: 0, bus)
            for pause in 1...20 {
                do { try await Self.control(.pause, bus) } catch { break }  // It has ended.
                try await Self.control(.resume, bus)
                try await Task.sleep(for: .milliseconds(7 * pause))
            }
            return try await Federation.end(bus)
        }
        #expect(status.phase == .succeeded && status.rounds.map(\.manifest) == whole.rounds.map(\.manifest))
    }

    @Test func whoeverNamesNoJobIsTold() async throws {
        try await Federation().run { (bus: Bus, _) async throws -> Void in
            await #expect { try await Self.control(.pause, bus) } throws: { "\($0)".contains("'points'") }
        }
    }
}
