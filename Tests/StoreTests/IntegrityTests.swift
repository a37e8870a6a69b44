import Core
import Foundation
import Store
import Telemetry
import TestKit
import Testing

@Suite struct IntegrityTests {
    private static func filled() async throws -> Fixture {
        let fixture = try await Fixture()
        try await fixture.database.write { connection in
            for id in 0..<400 {
                try connection.execute(
                    "INSERT INTO t_numbers (id, value, label) VALUES (?, ?, ?)", id,
                    [UInt8](repeating: UInt8(id % 251), count: 700), "label \(id)")
            }
        }
        return fixture
    }

    @Test func aSoundDatabasePasses() async throws {
        let fixture = try await Self.filled()
        try await fixture.database.checkIntegrity()
    }

    /// Whatever a disk does to a file, opening it ends in a clear error or in the very rows that were written.
    @Test(arguments: 0..<24) func overwrittenPagesAreFoundAtOpen(_ seed: Int) async throws {
        let fixture = try await Self.filled()
        await fixture.database.close()
        var random = SplitMix64(seed: UInt64(seed), labels: "pages")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        let page = Int.random(in: 0..<(bytes.count / 4096), using: &random)
        for index in 0..<200 {
            bytes[page * 4096 + index] = UInt8.random(in: 0...255, using: &random)
        }
        try bytes.write(to: URL(fileURLWithPath: fixture.path))
        let error = await #expect(throws: StoreError.self, "seed \(seed), page \(page)") {
            try await Database.open(path: fixture.path, migrations: [Fixture.migrations], logger: .disabled)
                .checkIntegrity()
        }
        #expect(error?.kind == .corrupt, "\(String(describing: error))")
        #expect(error?.message.contains(fixture.path) == true)
        #expect(error?.message.contains("backup") == true)
    }

    @Test(arguments: [0x41, 0xff]) func anotherKindOfFileIsRefused(_ byte: UInt8) async throws {
        let content = [UInt8](repeating: byte, count: 9000)
        let directory = try TemporaryDirectory("store")
        let path = directory.file("a.db")
        try Data(content).write(to: URL(fileURLWithPath: path))
        let error = await #expect(throws: StoreError.self) {
            try await Database.open(path: path, migrations: [], logger: .disabled)
        }
        #expect(error?.kind == .corrupt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(content))
    }

    @Test func aTruncatedFileIsRefused() async throws {
        let fixture = try await Self.filled()
        await fixture.database.close()
        #expect(truncate(fixture.path, 4096 * 5) == 0)
        let error = await #expect(throws: StoreError.self) {
            try await Database.open(path: fixture.path, migrations: [Fixture.migrations], logger: .disabled)
        }
        #expect(error?.kind == .corrupt)
    }

    @Test func theBackupIsTheDatabaseOfOneMoment() async throws {
        let fixture = try await Self.filled()
        let database = fixture.database
        let target = fixture.directory.file("backup.db")
        try "what was there before".write(toFile: target, atomically: true, encoding: .utf8)
        // Each write keeps count(*) and the sum of changes in step; a copy of a half-done one would not.
        async let writes: Void = {
            for id in 1000..<1100 {
                try await database.write { connection in
                    try connection.execute("INSERT INTO t_numbers (id) VALUES (?)", id)
                    try connection.execute("INSERT INTO t_numbers (id) VALUES (?)", id + 1000)
                }
            }
        }()
        try await database.backup(to: target)
        try await writes
        let copy = try await Database.open(path: target, migrations: [Fixture.migrations], logger: .disabled)
        try await copy.checkIntegrity()
        let counts = try await copy.read { connection in
            try connection.first(
                "SELECT count(*) FILTER (WHERE id < 400), count(*) FILTER (WHERE id >= 400) FROM t_numbers"
            ) { (try $0.int(0), try $0.int(1)) }
        }
        let (before, during) = try #require(counts)
        #expect(before == 400)
        #expect(during.isMultiple(of: 2))
        let attributes = try FileManager.default.attributesOfItem(atPath: target)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(!FileManager.default.fileExists(atPath: target + ".tmp"))
    }

    @Test func aBackupThatCannotBeWrittenLeavesTheOldOne() async throws {
        let fixture = try await Self.filled()
        let error = await #expect(throws: StoreError.self) {
            try await fixture.database.backup(to: fixture.directory.file("missing/backup.db"))
        }
        #expect(error?.kind == .io)
        #expect(error?.message.contains("missing/backup.db") == true)
    }

    @Test func filesAreForTheOwnerOnly() async throws {
        let fixture = try await Self.filled()
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.path + suffix)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
        }
    }
}
