import Contracts
import Core
import MessageBus
import Synchronization

@testable import DataSync

/// A source of shards that misbehaves as it is told, one step for each stream that is asked for.
final class Source: Sendable {
    /// What it does with the shards of one stream.
    enum Step: Sendable {
        case honest
        /// Fails after so many shards, as a source does that is killed.
        case dies(after: Int)
        /// Sends so many shards and then nothing.
        case endsEarly(after: Int)
        /// Sends so many shards and then waits for ever.
        case hangs(after: Int)
        /// Changes an item on its way.
        case changes(at: Int, @Sendable (inout ShardItem, inout [[UInt8]]) -> Void)
        case reverses
        case sendsTwice
    }

    private struct State {
        var steps: [Step]
        var requests: [ShardsRequest] = []
    }

    private let tensors: [[UInt8]]
    let manifest: Manifest
    private let shards: [Digest: [UInt8]]
    private let state: Mutex<State>
    /// Told when it begins to hang.
    let hanging = AsyncStream<Void>.makeStream()

    init(_ tensors: [[UInt8]], shardBytes: Int = 1 << 10, steps: [Step]) {
        self.tensors = tensors
        var shards: [Digest: [UInt8]] = [:]
        let specs = ShardSpan.cut(tensorBytes: tensors.map(\.count), shardBytes: shardBytes).map { span in
            let bytes = Array(tensors[span.entry][span.range])
            let digest = Bytes.digest(bytes)
            shards[digest] = bytes
            return ShardSpec(digest: digest, size: span.size, entry: span.entry, offset: span.offset)
        }
        self.shards = shards
        manifest = Manifest(
            tensors: tensors.enumerated().map { TensorSpec(name: "tensor\($0)", shape: [$1.count / 4]) }, shards: specs)
        state = Mutex(State(steps: steps))
    }

    /// What was asked of it.
    var requests: [ShardsRequest] { state.withLock { $0.requests } }

    func register(on bus: Bus, manifest answer: Manifest? = nil) {
        let manifest = answer ?? manifest
        bus.handle(DataSyncContract.manifest) { _ in manifest }
        bus.handleStream(DataSyncContract.shards) { [self] request, writer in
            try await send(request.body, writer)
        }
    }

    private func send(_ request: ShardsRequest, _ writer: StreamWriter<ShardItem>) async throws {
        let step = state.withLock { state in
            state.requests.append(request)
            return state.steps.isEmpty ? Step.honest : state.steps.removeFirst()
        }
        var digests = request.digests
        if case .reverses = step { digests.reverse() }
        for (index, digest) in digests.enumerated() {
            guard let bytes = shards[digest] else { throw DataSyncError(.missing, "no shard \(digest)") }
            var item = ShardItem(digest: digest, encoding: .raw, size: bytes.count)
            var attachments = [bytes]
            switch step {
            case .dies(let count) where count == index:
                throw DataSyncError(.native, "killed", isRetriable: true)
            case .endsEarly(let count) where count == index: return
            case .hangs(let count) where count == index:
                hanging.continuation.yield()
                try await Task.sleep(for: .seconds(3600))
            case .changes(let at, let change) where at == index: change(&item, &attachments)
            default: break
            }
            try await writer.send(item, attachments: attachments.map { Attachment($0) })
            if case .sendsTwice = step { try await writer.send(item, attachments: attachments.map { Attachment($0) }) }
        }
    }
}
