import Contracts
import Core
import DataSync
import Glibc
import Store
import Telemetry

// Rates of the store of DataSync: put, accept, read, and entering leaves into its index.
//
//   bench-shards DIRECTORY [MiB]
//   bench-shards DIRECTORY files SOURCE    reads the files below SOURCE into a store, and writes them out again

func bytes(_ count: Int, seed: UInt64) -> ShardBytes {
    let array = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        var random = SplitMix64(seed: seed)
        buffer.withMemoryRebound(to: UInt64.self) { words in
            for index in words.indices { words[index] = random.next() }
        }
        initialized = count
    }
    return array.withUnsafeBytes { ShardBytes(copying: $0) }
}

func open(_ directory: String) async throws -> ShardStore {
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { exit(1) }
    let database = try await Database.open(
        path: "\(directory)/state.db", migrations: [DataSyncService.migrations], logger: .disabled)
    return try await ShardStore(directory: "\(directory)/shards", database: database)
}

/// Processor seconds of this process, which do not depend on what else the machine does.
func processorSeconds() -> Double {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    let times = [usage.ru_utime, usage.ru_stime]
    return times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
}

func report(_ what: String, _ count: Double, _ unit: String, _ body: () async throws -> Void) async throws {
    let start = ContinuousClock.now
    let busy = processorSeconds()
    try await body()
    let perSecond = (count / (processorSeconds() - busy) * 100).rounded() / 100
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let rate = (count / seconds * 100).rounded() / 100
    print("\(what): \(rate) \(unit)/s  (\((seconds * 1000).rounded()) ms); \(perSecond) \(unit) per processor second")
}

/// Runs `body` for each group with a few at a time, as a transfer does.
func pipelined<Group: Sendable>(
    _ groups: [Group], ahead: Int = 3, _ body: @escaping @Sendable (Group) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        for (index, group) in groups.enumerated() {
            if index >= ahead { try await tasks.next() }
            tasks.addTask { try await body(group) }
        }
        try await tasks.waitForAll()
    }
}

func run(_ directory: String, mebibytes: Int) async throws {
    let (first, second) = (try await open("\(directory)/a"), try await open("\(directory)/b"))
    let shards = (0..<mebibytes).map { NewShard(bytes: bytes(1 << 20, seed: UInt64($0)), leafBytes: 64 << 10) }
    let groups = stride(from: 0, to: shards.count, by: 8).map { Array(shards[$0..<min(shards.count, $0 + 8)]) }
    let gigabytes = Double(mebibytes) * 1.048576 / 1000
    try await report("put", gigabytes, "GB") { try await pipelined(groups) { _ = try await first.put($0) } }
    try await report("put again", gigabytes, "GB") { try await pipelined(groups) { _ = try await first.put($0) } }
    let digests = try await first.digests()
    try await report("raw, trusted", gigabytes, "GB") {
        try await pipelined(digests, ahead: 4) { _ = try await first.raw($0) }
    }
    let store = try await open("\(directory)/a")
    try await report("raw, hashed", gigabytes, "GB") {
        try await pipelined(digests, ahead: 4) { _ = try await store.raw($0) }
    }
    try await report("stored, not checked", gigabytes, "GB") {
        try await pipelined(digests, ahead: 4) { _ = try await first.stored($0, check: .never) }
    }
    var arrived: [ArrivedShard] = []
    let lists = try await first.lists(digests)
    for digest in digests {
        guard let list = lists[digest] else { continue }
        let leaves = try await first.stored(digest, check: .never)
        arrived.append(
            ArrivedShard(digest: digest, list: list, contents: leaves.map { .encoded($0.encoding, $0.payload) }))
    }
    let batches = stride(from: 0, to: arrived.count, by: 8).map { Array(arrived[$0..<min(arrived.count, $0 + 8)]) }
    try await report("accept", gigabytes, "GB") { try await pipelined(batches) { _ = try await second.accept($0) } }
    // Small leaves, so that the index is what is measured.
    let small = (0..<40).map { group in
        (0..<20).map { index in
            NewShard(bytes: bytes(128 * 64, seed: UInt64(1_000_000 + group * 20 + index)), leafBytes: 64)
        }
    }
    try await report("leaves of 64 bytes", Double(40 * 20 * 128), "leaves") {
        try await pipelined(small) { _ = try await second.put($0) }
    }
    let small2 = try await second.digests().filter { lists[$0] == nil }
    try await report("removal of those", Double(40 * 20 * 128), "leaves") { try await second.removeUnnamed(small2) }
}

func files(_ directory: String, _ source: String) async throws {
    let store = try await open("\(directory)/a")
    let reader = DatasetReader(store: store)
    let first = try await reader.read(source)
    print("\(first.manifest.files.count) files, \(first.readBytes) bytes, \(first.manifest.shards.count) shards")
    try await store.removeUnnamed()
    let gigabytes = Double(first.readBytes) / 1e9
    try await report("read", gigabytes, "GB") { _ = try await reader.read(source) }
    try await report("read again", gigabytes, "GB") { _ = try await reader.read(source) }
    try await report("read with a base", gigabytes, "GB") {
        _ = try await reader.read(source, base: first.manifest)
    }
    try await report("written out", gigabytes, "GB") {
        try await DatasetWriter(store: store).write(first.manifest, to: "\(directory)/out")
    }
}

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
    print("usage: bench-shards DIRECTORY [MiB | files SOURCE]")
    exit(2)
}
if arguments.count == 4, arguments[2] == "files" {
    try await files(arguments[1], arguments[3])
} else {
    try await run(arguments[1], mebibytes: arguments.count > 2 ? Int(arguments[2]) ?? 256 : 256)
}
