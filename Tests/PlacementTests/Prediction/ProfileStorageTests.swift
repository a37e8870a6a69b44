import Contracts
import Core
import Store
import Telemetry
import TestKit
import Testing

@testable import Placement

@Suite struct ProfileStorageTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("profiles") }

    private func open() async throws -> Database {
        try await Database.open(path: directory.file("core.db"), migrations: [.placement], logger: .disabled)
    }

    private func entry(_ round: Int, edge: String = "edge-1", seconds: Double = 1) throws -> ProfileStorage.Entry {
        ProfileStorage.Entry(
            record: try .make(.make(), 100, seconds: seconds, round: round, edge: edge), hardware: "fast")
    }

    private func score(_ record: RoundRecord) -> PredictionScore {
        PredictionScore(
            workload: record.workload, hardware: "fast", basis: "same-workload", samples: 100, predicted: 1, low: 0.5,
            high: 2, actual: 1.1, time: record.time)
    }

    @Test func whatWasSavedComesBackAfterARestart() async throws {
        let entries = try (1...5).map { try entry($0) }
        let scores = entries.map { score($0.record) }
        let database = try await open()
        #expect(try await ProfileStorage(database: database).save(entries, scores: scores) == entries)
        await database.close()
        let contents = try await ProfileStorage(database: try await open()).load()
        #expect(contents.entries == entries && contents.scores == scores && contents.skipped == 0)
    }

    @Test func aRoundThatIsToldTwiceIsKeptOnce() async throws {
        let storage = ProfileStorage(database: try await open())
        try await storage.save([try entry(1)])
        let second = try [entry(1, seconds: 9), entry(2), entry(1, edge: "edge-2")]
        #expect(try await storage.save(second) == Array(second[1...]))
        #expect(try await storage.load().entries.count == 3)
    }

    @Test func theOldestGo() async throws {
        let storage = ProfileStorage(database: try await open(), limit: 10)
        for round in 1...25 {
            let entry = try entry(round)
            try await storage.save([entry], scores: [score(entry.record)])
        }
        let contents = try await storage.load()
        #expect(contents.entries.map(\.record.round) == Array(16...25))
        #expect(contents.scores.map(\.time.milliseconds) == (16...25).map { $0 * 1000 })
    }

    @Test func recordsWithAFlawAreNotKept() async throws {
        let storage = ProfileStorage(database: try await open())
        var bad = try [entry(1, seconds: .nan), entry(2, seconds: -1), entry(3)]
        bad[2].record.totalSeconds = .infinity
        var wrong = score(bad[0].record)
        wrong.predicted = .nan
        #expect(try await storage.save(bad, scores: [wrong]).isEmpty)
        let contents = try await storage.load()
        #expect(contents.entries.isEmpty && contents.scores.isEmpty && contents.skipped == 0)
    }

    /// Rows that something else wrote, or that were damaged, are counted and passed over; the sound ones are there.
    @Test func garbageInTheDatabaseIsSkippedAndCounted() async throws {
        var generator = SeededGenerator()
        let database = try await open()
        let storage = ProfileStorage(database: database)
        let sound = try (1...3).map { try entry($0) }
        try await storage.save(sound, scores: sound.map { score($0.record) })
        let whole = try await database.read { connection in
            try connection.first("SELECT document FROM placement_records") { try $0.string(0) } ?? ""
        }
        var garbage = ["", "{}", "null", "[]", "nonsense", String(repeating: "[", count: 5000), "{\"record\": 1e999}"]
        garbage.append(String(repeating: " ", count: 100_000) + whole)
        garbage.append(whole.replacing("\"samples\":100", with: "\"samples\":-5"))
        garbage.append(whole.replacing("\"samples\":100", with: "\"samples\":1e30"))
        garbage.append(whole.replacing("\"computeSeconds\":1", with: "\"computeSeconds\":0"))
        for _ in 0..<50 { garbage.append(String(whole.prefix(.random(in: 0..<whole.count, using: &generator)))) }
        let rows = garbage
        try await database.write { connection in
            for (index, document) in rows.enumerated() {
                try connection.execute(
                    "INSERT INTO placement_records (job, round, edge, time, hardware, document) VALUES (?, ?, ?, ?, ?, ?)",
                    "garbage", index, "??", Int64.max, "fast", document)
                try connection.execute(
                    "INSERT INTO placement_scores (time, document) VALUES (?, ?)", Int64.min, document)
            }
        }
        let contents = try await storage.load()
        #expect(contents.entries == sound && contents.scores.count == 3)
        #expect(contents.skipped == 2 * garbage.count)
    }
}
