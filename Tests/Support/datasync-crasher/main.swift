import Contracts
import Core
import DataSync
import Glibc
import MessageBus
import Store
import Telemetry

// A process that the tests of DataSync kill. It prints a line for everything that was acknowledged to it.
//
//   datasync-crasher publish DIRECTORY                 three tasks publish and release for ever: "published N DIGEST",
//                                                      "releasing N DIGEST", "released N DIGEST"
//   datasync-crasher append DIRECTORY                  appends records "N xxx…", numbered from 0, and seals now and then:
//                                                      "appended POSITION", bytes of all records so far
//   datasync-crasher fetch DIRECTORY ADDRESS MANIFEST  fetches a manifest from a core at an ipc address: "moved N present M",
//                                                      or "error TEXT" and "peak BYTES", the most memory it had
//   datasync-crasher serve DIRECTORY ADDRESS           is such a core, until it reads "quit"
//
// It may be told on its standard input to kill itself, "die BYTES", as soon as so many more bytes of shards were sent or
// received; then, and when it quits, it says how many it sent: "sent N".

func say(_ text: String) {
    let bytes = Array("\(text)\n".utf8)
    guard write(1, bytes, bytes.count) == bytes.count else { exit(3) }
}

let metrics = MetricsRegistry()
let sent = metrics.counter("gedge_datasync_sent_bytes_total", help: "")
let received = metrics.counter("gedge_datasync_received_bytes_total", help: "")

func open(_ directory: String, identity: String) async throws -> (Bus, DataSyncService) {
    var busConfiguration = BusConfiguration(identity: PeerID(identity))
    busConfiguration.reconnect = RetryPolicy(base: .milliseconds(5), maximum: .milliseconds(50), attempts: nil)
    let bus = Bus(configuration: busConfiguration)
    let database = try await Database.open(
        path: "\(directory)/state.db", migrations: [DataSyncService.migrations], logger: .disabled)
    var configuration = DataSyncConfiguration()
    configuration.shardBytes = 4 << 10
    configuration.leafBytes = 1 << 10
    configuration.segmentBytes = 100 << 10
    configuration.batchBytes = 16 << 10
    configuration.windowBytes = 32 << 10
    configuration.retry = RetryPolicy(base: .milliseconds(10), maximum: .milliseconds(500), attempts: 60)
    let service = try await DataSyncService(
        bus: bus, store: database, directory: "\(directory)/shards", configuration: configuration, metrics: metrics)
    return (bus, service)
}

/// The bytes that publication `number` consists of: 20 KiB of its own and 8 KiB that all of them share.
func tensors(_ number: Int) -> [Attachment] {
    var random = SplitMix64(seed: UInt64(number))
    let own = (0..<(20 << 7)).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
    return [Attachment(own), Attachment([UInt8](repeating: 7, count: 8 << 10))]
}

func publish(_ directory: String) async throws {
    let (_, service) = try await open(directory, identity: "core")
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        say("ready")
        for task in 0..<3 { group.addTask { try await publish(with: service, task) } }
        try await group.waitForAll()
    }
}

func publish(with service: DataSyncService, _ task: Int) async throws {
    var number = Int(SystemWallClock().now().milliseconds) * 3 + task
    while true {
        let specs = [TensorSpec(name: "own", shape: [5 << 10]), TensorSpec(name: "shared", shape: [2 << 10])]
        let summary = try await service.publish(
            PublishRequest(reference: "p/\(number)/", tensors: specs), tensors: tensors(number))
        say("published \(number) \(summary.digest)")
        if number % 7 < 3 {
            say("releasing \(number) \(summary.digest)")
            try await service.release(prefix: "p/\(number)/")
            say("released \(number) \(summary.digest)")
        }
        number += 3
    }
}

/// Obeys its standard input, on threads of its own.
func obey() {
    Task.detached {
        let input = ThreadExecutor(name: "input")
        let watch = ThreadExecutor(name: "watch")
        try await withThrowingTaskGroup(of: Void.self) { group in
            while let line = try await input.run({ readLine() }), line != "quit" {
                guard let bytes = line.split(separator: " ").last.flatMap({ Double($0) }) else { exit(2) }
                group.addTask { try await watch.run { die(after: bytes) } }
            }
            say("sent \(Int(sent.value))")
            exit(0)
        }
    }
}

@Sendable func die(after bytes: Double) {
    let end = sent.value + received.value + bytes
    while sent.value + received.value < end { usleep(20) }
    say("sent \(Int(sent.value))")
    kill(getpid(), SIGKILL)
}

func serve(_ directory: String, _ address: String) async throws {
    let (bus, service) = try await open(directory, identity: "core")
    service.register()
    try bus.listen(BusAddress(address), security: .none)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await bus.run() }
        group.addTask { try await service.run() }
        say("ready")
        obey()
        try await group.waitForAll()
    }
}

func fetch(_ directory: String, _ address: String, _ manifest: Digest) async throws {
    let (bus, service) = try await open(directory, identity: "edge-a")
    try bus.connect(BusAddress(address), security: .none)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await bus.run() }
        group.addTask { try await service.run() }
        try await bus.ready(.core, timeout: .seconds(60))
        say("ready")
        obey()
        let reply = try await service.fetch(
            FetchRequest(manifest: manifest, source: .core, reference: "job/1", maximumBytes: 1 << 30))
        say("moved \(reply.movedShards) present \(reply.presentShards)")
        group.cancelAll()
    }
}

func append(_ directory: String) async throws {
    let (_, service) = try await open(directory, identity: "edge-a")
    let dataset = try DatasetName("demo/line/one")
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        let asked = try await service.append(nil, AppendRequest(dataset: dataset, producer: "p"))
        say("ready")
        var (position, number) = (0, 0)
        var random = SplitMix64(seed: UInt64(asked.position))
        while true {
            let start = position
            var records: [UInt8] = []
            for _ in 0..<Int.random(in: 1...60, using: &random) {
                records += Array("\(number) \(String(repeating: "x", count: number % 97))\n".utf8)
                number += 1
            }
            position += records.count
            // What an earlier process appended is sent once more where that matters: at its end.
            guard position > asked.position else { continue }
            let reply = try await service.append(
                records.withUnsafeBytes { ShardBytes(copying: $0) },
                AppendRequest(dataset: dataset, producer: "p", offset: start))
            say("appended \(reply.position)")
            if Int.random(in: 0..<6, using: &random) == 0 { _ = try await service.seal(dataset) }
        }
    }
}

/// The most memory that this process had, in bytes; `getrusage` would count its parent's.
func peakMemory() -> Int {
    guard let file = fopen("/proc/self/status", "r") else { exit(3) }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, file) != nil {
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(whereSeparator: \.isWhitespace)
        if words.first == "VmHWM:", words.count > 1, let kilobytes = Int(words[1]) { return kilobytes << 10 }
    }
    exit(3)
}

let arguments = CommandLine.arguments
do {
    switch (arguments.dropFirst().first, arguments.count) {
    case ("publish", 3): try await publish(arguments[2])
    case ("append", 3): try await append(arguments[2])
    case ("fetch", 5):
        guard let digest = Digest(hex: arguments[4]) else { fallthrough }
        try await fetch(arguments[2], arguments[3], digest)
    case ("serve", 4): try await serve(arguments[2], arguments[3])
    default:
        say(
            "usage: datasync-crasher publish DIRECTORY | append DIRECTORY | serve DIRECTORY ADDRESS | "
                + "fetch DIRECTORY ADDRESS MANIFEST")
        exit(2)
    }
} catch {
    say("error \(error)")
    say("peak \(peakMemory())")
    exit(1)
}
