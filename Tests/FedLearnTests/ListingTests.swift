import Contracts
import Core
import MessageBus
import Store
import Telemetry
import TestKit
import Testing
import YAMLKit

@testable import FedLearn

/// Lists and details of jobs with more rounds than fit into an answer.
struct ListingTests {
    private static let manyRounds = 20_000
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("listing") }

    private func summary(_ round: Int, of path: ProjectPath, edges: Int = 3) throws -> RoundSummary {
        RoundSummary(
            round: round, model: "\(path)/\(round)",
            manifest: try #require(Digest(hex: String(repeating: "a", count: 64))),
            contributors: try (1...edges).map {
                Contribution(edge: try Name("edge-\($0)"), samples: 400, loss: 0.25, bytes: 10_650)
            },
            absent: [Absence(edge: try Name("edge-late"), reason: "no update within the round's deadline of 20.0 s")],
            accuracy: 0.5, loss: 0.5, seconds: 0.5, bytesToEdges: 100, bytesFromEdges: 50)
    }

    /// A finished job as the database holds it.
    private func store(_ name: String, rounds: Int, edges: Int = 3, in database: Database) async throws {
        let text = Federation.document(rounds: rounds).replacing("points, name: points", with: "\(name), name: \(name)")
        let document = try TrainingJobDocument.read(text, source: "job.yaml")
        let job = Job(
            uid: "uid-\(name)", created: Timestamp(milliseconds: 1), document: document,
            header: JobHeader(
                phase: .succeeded, conditions: [], placement: nil, initialManifest: nil, baselineAccuracy: nil,
                traceID: .none),
            rounds: [])
        try await JobStorage(database: database).insert(job)
        // One round is encoded, and SQLite makes the others of it.
        let template = String(decoding: try encode(summary(987_654_321, of: job.path, edges: edges)), as: UTF8.self)
        try await database.write { connection in
            try connection.execute(
                """
                WITH RECURSIVE number (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < ?)
                INSERT INTO fedlearn_rounds (job, round, state, participants, base, started, summary)
                SELECT ?, value, 'committed', X'5B5D', '', 0, CAST(replace(?, '987654321', value) AS BLOB) FROM number
                """, rounds, job.uid, template)
            for edge in 1...edges {
                try connection.execute(
                    "INSERT INTO fedlearn_contributions (job, round, edge, manifest, samples, loss, bytes, fetched_bytes) "
                        + "SELECT job, round, ?, '', 1, 0, 0, 0 FROM fedlearn_rounds WHERE job = ? AND round % ? = 0",
                    "edge-\(edge)", job.uid, edges > 3 ? rounds : 1)
            }
        }
    }

    /// Runs a coordinator over what `prepare` stored and asks it as an operator does, over the bus and its limits.
    private func asking(
        _ prepare: (Database) async throws -> Void,
        _ body: @escaping @Sendable (Bus, FedLearnCoordinator) async throws -> Void
    ) async throws {
        let database = try await Database.open(
            path: directory.file("core.db"), migrations: [.fedLearnCoordinator], logger: .disabled)
        try await prepare(database)
        let context = BusContext()
        let core = Bus(configuration: BusConfiguration(identity: .core), context: context)
        let coordinator = try await FedLearnCoordinator(
            bus: core, database: database, datasets: Federation.Data([:]), logger: .disabled)
        coordinator.register()
        let address = try BusAddress("inproc://listing")
        try core.listen(address, security: .none)
        let user = Bus(configuration: BusConfiguration(identity: .operator), context: context)
        try user.connect(address, as: .core, security: .none)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            defer { group.cancelAll() }
            for bus in [core, user] {
                group.addTask {
                    try await bus.run()
                    return false
                }
            }
            group.addTask {
                try await user.ready(.core)
                try await body(user, coordinator)
                return true
            }
            while let isDone = try await group.next() { if isDone { return } }
        }
    }

    private static func get(_ bus: Bus, _ kind: ResourceKind, _ query: ResourceQuery) async throws -> ResourceList {
        try await bus.call(ResourceContract.get(kind), query, to: .peer(.core), timeout: .seconds(60)).body
    }

    @Test func twentyThousandRoundsAreListed() async throws {
        try await asking {
            try await store("many", rounds: Self.manyRounds, in: $0)
            try await store("other", rounds: 3, in: $0)
        } _: { bus, coordinator in
            let kept = await coordinator.allJobs.map { $0.rounds.newest.count }
            #expect(kept == [RoundHistory.maximumRounds, 3], "rounds stay in the database")

            let jobs = try await Self.get(bus, .trainingJob, ResourceQuery())
            #expect(jobs.rows.map { $0[4] } == ["\(Self.manyRounds)/\(Self.manyRounds)", "3/3"])
            #expect(jobs.items.allSatisfy { $0.status["rounds"]?.array?.isEmpty == true })
            #expect(jobs.continuation == nil)

            let first = try await Self.get(bus, .model, ResourceQuery())
            #expect(first.items.count == ResourcePage.maximumItems)
            #expect(first.rows.map { $0[0] } == first.items.map(\.metadata.name))
            let second = try await Self.get(bus, .model, ResourceQuery(limit: 100, continuation: first.continuation))
            let newest = ((Self.manyRounds - 599)...Self.manyRounds).reversed().map { "test/many/\($0)" }
            #expect((first.rows + second.rows).map { $0[0] } == newest)
            // The last page begins in one job and ends in the other.
            let last = try await Self.get(bus, .model, ResourceQuery(continuation: "many 4"))
            #expect(
                last.rows.map { $0[0] }
                    == ["many", "other"].flatMap { job in (1...3).reversed().map { "test/\(job)/\($0)" } })
            #expect(last.continuation == nil)

            let one = try await Self.get(bus, .trainingJob, ResourceQuery(name: "many"))
            let status = try #require(one.items.first).status.decoded(as: TrainingJobStatus.self)
            #expect(status.completedRounds == Self.manyRounds)
            #expect(status.rounds.map(\.round) == Array((Self.manyRounds - 19)...Self.manyRounds))
            #expect(status.totals.bytesToEdges == 100 * Self.manyRounds)
            #expect(status.totals.bytesFromEdges == 50 * Self.manyRounds)
            #expect(status.totals.seconds == 0.5 * Double(Self.manyRounds))
            #expect(status.totals.edges.map(\.text) == ["edge-1", "edge-2", "edge-3"])
            var reference = RoundReference(jobUID: "uid-many", job: try Name("many"), round: 15_000)
            let rounds = try await bus.call(FedLearnContract.rounds, reference, to: .peer(.core)).body.rounds
            #expect(rounds.map(\.round) == Array(15_001...(15_000 + ResourcePage.maximumItems)))
            reference.round = Self.manyRounds
            #expect(try await bus.call(FedLearnContract.rounds, reference, to: .peer(.core)).body.rounds.isEmpty)
        }
    }

    @Test func aPageEndsBeforeItIsTooLarge() async throws {
        try await asking {
            // About 60 kB each.
            try await store("wide", rounds: 40, edges: 800, in: $0)
        } _: { bus, coordinator in
            #expect(await coordinator.allJobs[0].rounds.newest.count == 4)
            let first = try await Self.get(bus, .model, ResourceQuery())
            #expect((2..<25).contains(first.items.count))
            let second = try await Self.get(bus, .model, ResourceQuery(continuation: first.continuation))
            #expect(second.rows.first?[0] == "test/wide/\(40 - first.items.count)")
            let job = try await Self.get(bus, .trainingJob, ResourceQuery(name: "wide"))
            #expect(job.items[0].status["rounds"]?.array?.count == 4)
        }
    }

    @Test func listsAreFilteredAndLimited() async throws {
        try await asking {
            for name in ["a", "b", "c"] { try await store(name, rounds: 4, in: $0) }
        } _: { bus, _ in
            let group = try Name("test")
            func models(_ query: ResourceQuery) async throws -> [String] {
                try await Self.get(bus, .model, query).rows.map { $0[0] }
            }
            #expect(
                try await models(ResourceQuery(group: group, project: Name("b"), limit: 2)) == ["test/b/4", "test/b/3"])
            #expect(try await models(ResourceQuery(group: group)).count == 12)
            #expect(try await models(ResourceQuery(group: Name("none"))).isEmpty)
            #expect(try await models(ResourceQuery(name: "test/c/2")) == ["test/c/2"])
            #expect(
                try await models(ResourceQuery(continuation: "a 2")) == ["test/a/1"]
                    + ["b", "c"].flatMap { job in (1...4).reversed().map { "test/\(job)/\($0)" } })
            // The job where the page before ended is gone: the list goes on with the next one.
            #expect(try await models(ResourceQuery(limit: 1, continuation: "bb 3")) == ["test/c/4"])
            for name in ["test/c/5", "test/c/0", "test/c/02", "test/d/1", "test/c", "c/1", ""] {
                await #expect(throws: BusError.self) { try await models(ResourceQuery(name: name)) }
            }
            await #expect(throws: BusError.self) { try await models(ResourceQuery(continuation: "nonsense")) }

            let first = try await Self.get(bus, .trainingJob, ResourceQuery(limit: 2))
            #expect(first.rows.map { $0[0] } == ["a", "b"] && first.continuation == "b")
            let rest = try await Self.get(bus, .trainingJob, ResourceQuery(limit: 2, continuation: "b"))
            #expect(rest.rows.map { $0[0] } == ["c"] && rest.continuation == nil)
            let some = try await Self.get(bus, .trainingJob, ResourceQuery(group: group, project: try Name("c")))
            #expect(some.rows.map { $0[0] } == ["c"])
        }
    }

    @Test func noQueryReadsMoreThanItAnswers() async throws {
        let database = try await Database.open(
            path: directory.file("core.db"), migrations: [.fedLearnCoordinator], logger: .disabled)
        try await database.read { connection in
            let cases = [
                ("WHERE job = ? AND round < ? AND state = 'committed' ORDER BY round DESC LIMIT 5", "autoindex"),
                ("WHERE job = ? AND round > ? AND state = 'committed' ORDER BY round LIMIT 5", "autoindex"),
                ("WHERE job = ? AND state != 'committed' ORDER BY round LIMIT 1", "fedlearn_open_rounds"),
            ]
            for (query, index) in cases {
                let plan = try connection.query(
                    "EXPLAIN QUERY PLAN SELECT summary FROM fedlearn_rounds \(query)",
                    values: query.contains("< ?") || query.contains("> ?") ? ["uid", 1] : ["uid"]
                ) { try $0.string(3) }
                #expect(plan.count == 1 && plan[0].contains("SEARCH") && plan[0].contains(index), "\(plan)")
            }
        }
    }
}
