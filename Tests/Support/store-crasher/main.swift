import Core
import Glibc
import Store
import Telemetry

// A process that the store's tests kill. It prints a line for everything that was acknowledged to it.
//
//   store-crasher append DATABASE        commits batches of rows for ever; prints the number of each committed batch
//   store-crasher full DATABASE BYTES    commits until files may not grow past BYTES, then goes on without that limit
//   store-crasher hold DIRECTORY         owns a state directory until its standard input ends

func say(_ text: String) {
    let bytes = Array("\(text)\n".utf8)
    guard write(1, bytes, bytes.count) == bytes.count else { exit(3) }
}

func appendBatch(_ batch: Int, to database: Database, padding: Int) async throws {
    try await database.write { connection in
        for item in 0..<7 {
            try connection.execute(
                "INSERT INTO crash_items (batch, item, padding) VALUES (?, ?, ?)", batch, item,
                [UInt8](repeating: UInt8(truncatingIfNeeded: batch), count: padding))
        }
        try connection.execute("UPDATE crash_total SET batches = batches + 1")
    }
}

let migrations = MigrationSet(
    module: "crash",
    migrations: [
        Migration(
            1,
            """
            CREATE TABLE crash_items (batch INTEGER, item INTEGER, padding BLOB, PRIMARY KEY (batch, item)) STRICT;
            CREATE TABLE crash_total (batches INTEGER NOT NULL) STRICT;
            INSERT INTO crash_total VALUES (0);
            """)
    ])

func append(_ path: String) async throws {
    let database = try await Database.open(path: path, migrations: [migrations], logger: .disabled)
    var batch = try await database.read { try $0.first("SELECT batches FROM crash_total") { try $0.int(0) } } ?? 0
    say("ready \(batch)")
    while true {
        try await appendBatch(batch, to: database, padding: 300)
        batch += 1
        say("\(batch)")
    }
}

func fillUp(_ path: String, limit: UInt) async throws {
    signal(SIGXFSZ, SIG_IGN)
    let database = try await Database.open(path: path, migrations: [migrations], logger: .disabled)
    var limits = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
    let before = limits.rlim_cur
    limits.rlim_cur = limit
    guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits) == 0 else { exit(4) }
    var batch = 0
    do {
        while batch < 10_000 {
            try await appendBatch(batch, to: database, padding: 3000)
            batch += 1
        }
        exit(5)
    } catch let error as StoreError {
        say("failed \(error.code) \(error.isRetriable) \(batch)")
    }
    limits.rlim_cur = before
    guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits) == 0 else { exit(4) }
    try await appendBatch(batch, to: database, padding: 3000)
    say("continued \(batch + 1)")
    await database.close()
}

func hold(_ path: String) throws {
    let directory = try StateDirectory(path)
    say("holding \(getpid())")
    withExtendedLifetime(directory) { while getchar() != EOF {} }
}

let arguments = CommandLine.arguments
do {
    switch (arguments.dropFirst().first, arguments.count) {
    case ("append", 3): try await append(arguments[2])
    case ("full", 4): try await fillUp(arguments[2], limit: UInt(arguments[3]) ?? 0)
    case ("hold", 3): try hold(arguments[2])
    default:
        say("usage: store-crasher append DATABASE | full DATABASE BYTES | hold DIRECTORY")
        exit(2)
    }
} catch {
    say("error \(error)")
    exit(1)
}
