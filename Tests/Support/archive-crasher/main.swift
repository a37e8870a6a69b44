import Core
import DataSync
import Glibc
import HTTPKit
import Store
import Telemetry

// A process that the tests of the archive kill: copies all that a machine has to its archive. It prints "begins" and, at
// the end, "done".
//
//   archive-crasher DIRECTORY PORT ACCESS SECRET

func say(_ text: String) {
    let bytes = Array("\(text)\n".utf8)
    guard write(1, bytes, bytes.count) == bytes.count else { exit(3) }
}

let arguments = CommandLine.arguments
let database = try await Database.open(
    path: "\(arguments[1])/core.db", migrations: [DataSyncService.migrations, ShardArchive.migrations],
    logger: .disabled)
let shards = try await ShardStore(directory: "\(arguments[1])/shards", database: database)
let objects = try S3ObjectStore(
    configuration: S3Configuration(endpoint: "http://127.0.0.1:\(arguments[2])", bucket: "archive"),
    credentials: .fixed(S3Credentials(accessKey: arguments[3], secretKey: Redacted(arguments[4]))), client: HTTPClient()
)
var packing = ShardArchive.Configuration()
packing.prefix = "gedge/"
packing.packBytes = 1 << 20
var copying = ArchiveServiceConfiguration()
copying.settle = .zero
let service = ArchiveService(
    archive: try ShardArchive(objects: objects, database: database, configuration: packing), database: database,
    local: shards, configuration: copying)
say("begins")
_ = try await service.pass()
say("done")
