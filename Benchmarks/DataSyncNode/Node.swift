import Contracts
import Core
import DataSync
import Glibc
import MessageBus
import Store
import Telemetry

/// A bus, a store and a DataSync service, driven by lines of text.
struct Node: Sendable {
    private let bus: Bus
    private let dataSync: DataSyncService
    private let admitted = Admitted()
    private let metrics = MetricsRegistry()

    init(arguments: [String]) async throws {
        var words = arguments
        let isPlain = words.last == "--plain"
        if isPlain { words.removeLast() }
        var relayHost: String?
        if let place = words.firstIndex(of: "--relay"), place + 1 < words.count {
            relayHost = words[place + 1]
            words.removeSubrange(place...place + 1)
        }
        guard words.count >= 5, ["listen": 5, "connect": 6][words[2]] == words.count else {
            throw Failure(
                code: "usage",
                message: "datasync-node STATE NAME listen|connect HOST PORT [KEY] [--relay HOST] [--plain]")
        }
        let state = try StateDirectory(words[0])
        bus = Bus(configuration: BusConfiguration(identity: PeerID(words[1])))
        let database = try await Database.open(
            path: state.file("node.db"), migrations: [DataSyncService.migrations], logger: .disabled)
        let keys = try KeyFile("\(state.subdirectory("keys"))/node.key").loadOrCreate()
        var part = DataSyncService.Part.alone
        if words[2] == "listen", !isPlain {
            part = .core(keys: admitted)
        } else if let relayHost {
            part = .edge(
                try PeerExchange(
                    identity: PeerID(words[1]), listen: BusAddress("tcp://\(relayHost):0"), security: .curve(keys)))
        }
        dataSync = try await DataSyncService(
            bus: bus, store: database, directory: state.subdirectory("shards"), policy: PriorityByName(), part: part,
            metrics: metrics)
        dataSync.register()
        let address = try BusAddress("tcp://\(words[3]):\(words[4])")
        if words[2] == "listen" {
            try bus.listen(
                address,
                security: isPlain
                    ? .unencryptedForBenchmarksOnly : .curve(serverKeys: keys, directory: admitted))
        } else {
            guard let core = PublicKey(z85: words[5]) else {
                throw Failure(code: "usage", message: "'\(words[5])' is no key")
            }
            try bus.connect(
                address, security: isPlain ? .unencryptedForBenchmarksOnly : .curve(client: keys, serverKey: core))
        }
        Output.line(["key": keys.publicKey.z85])
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.run() }
            group.addTask { try await dataSync.run() }
            let input = ThreadExecutor(name: "input")
            while let line = try await input.run({ readLine() }), line != "quit" {
                let words = line.split(separator: " ").map(String.init)
                if words.first == "begin" {
                    group.addTask { await answer(Array(words.dropFirst())) }
                } else {
                    await answer(words)
                }
            }
            group.cancelAll()
        }
    }

    private func answer(_ words: [String]) async {
        do { try await obey(words) } catch { Output.line(["error": "\(error)"]) }
    }

    private func obey(_ words: [String]) async throws {
        switch (words.first, words.count) {
        case ("admit", 3):
            guard let key = PublicKey(z85: words[2]) else {
                throw Failure(code: "usage", message: "'\(words[2])' is no key")
            }
            admitted.admit(PeerID(words[1]), key)
            Output.line(["admitted": words[1]])
        case ("ready", 1):
            try await bus.ready(.core, timeout: .seconds(60))
            Output.line(["ready": true])
        case ("sent", 1): Output.line(["bytes": metrics.counter("gedge_datasync_sent_bytes_total", help: "").value])
        case ("received", 1):
            Output.line(["bytes": metrics.counter("gedge_datasync_received_bytes_total", help: "").value])
        case ("ingest", 3): try await ingest(name: words[1], path: words[2])
        case ("publish", 3): try await publish(name: words[1], path: words[2])
        case ("fetch", 3...4): try await fetch(words)
        default: throw Failure(code: "usage", message: "no command: \(words.joined(separator: " "))")
        }
    }

    private func ingest(name: String, path: String) async throws {
        let start = ContinuousClock.now
        let dataset = try DatasetName(group: Name("bench"), project: Name("bench"), name: Name(name))
        let stream = try await bus.stream(DataSyncContract.ingest, IngestRequest(dataset: dataset, path: path))
        var version: DatasetVersion?
        for try await item in stream { version = item.body.version ?? version }
        guard let version else { throw Failure(code: "incomplete", message: "no version was made of \(path)") }
        Output.line([
            "manifest": version.manifest.hex, "seconds": start.duration(to: .now).seconds, "bytes": version.rawBytes,
        ])
    }

    private func publish(name: String, path: String) async throws {
        let file = try MappedFile(path)
        let start = ContinuousClock.now
        let tensor = TensorSpec(name: "weights", shape: [file.bytes.count / 4])
        let summary = try await dataSync.publish(
            PublishRequest(reference: "bench/\(name)/", tensors: [tensor]), tensors: [file.attachment])
        Output.line([
            "manifest": summary.digest.hex, "seconds": start.duration(to: .now).seconds, "bytes": summary.rawBytes,
            "stored": summary.storedBytes,
        ])
    }

    private func fetch(_ words: [String]) async throws {
        guard let manifest = Digest(hex: words[1]) else {
            throw Failure(code: "usage", message: "'\(words[1])' is no digest")
        }
        let tags: TransferTags?
        switch words.count > 3 ? words[3] : "normal" {
        case "urgent": tags = TransferTags(artefact: .metrics)
        case "bulk": tags = TransferTags(artefact: .rawData)
        case "normal": tags = nil
        default: throw Failure(code: "usage", message: "'\(words[3])' is no priority")
        }
        let start = ContinuousClock.now
        let reply = try await dataSync.fetch(
            FetchRequest(
                manifest: manifest, source: .core, reference: words[2], maximumBytes: 1 << 40, tags: tags))
        Output.line([
            "seconds": start.duration(to: .now).seconds, "wire": reply.movedBytes, "moved": reply.movedShards,
            "present": reply.presentShards,
        ])
    }
}
