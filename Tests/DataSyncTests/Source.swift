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
        case changes(at: Int, @Sendable (inout PullItem, inout [[UInt8]]) -> Void)
        case reverses
        case sendsTwice
    }

    private struct State {
        var steps: [Step]
        var requests: [PullRequest] = []
    }

    private let tensors: [[UInt8]]
    let manifest: Manifest
    private let lists: [LeafList]
    private let state: Mutex<State>
    /// Told when it begins to hang.
    let hanging = AsyncStream<Void>.makeStream()

    init(_ tensors: [[UInt8]], shardBytes: Int = 1 << 10, leafBytes: Int = 1 << 10, steps: [Step]) {
        self.tensors = tensors
        let spans = ShardSpan.cut(tensorBytes: tensors.map(\.count), shardBytes: shardBytes)
        lists = spans.map { span in
            let leaves = stride(from: span.offset, to: span.offset + span.size, by: leafBytes).map { start in
                let bytes = Array(tensors[span.entry][start..<min(start + leafBytes, span.offset + span.size)])
                return Leaf(key: LeafKey(Bytes.digest(bytes)), size: bytes.count)
            }
            return LeafList(leaves)!
        }
        manifest = Manifest(
            tensors: tensors.enumerated().map { TensorSpec(name: "tensor\($0)", shape: [$1.count / 4]) },
            shards: zip(spans, lists).map { span, list in
                ShardSpec(
                    digest: list.digest, size: span.size, entry: span.entry, offset: span.offset,
                    leaves: list.leaves.count)
            })
        state = Mutex(State(steps: steps))
    }

    /// What was asked of it.
    var requests: [PullRequest] { state.withLock { $0.requests } }

    /// - Parameters:
    ///   - answer: the manifest to offer in place of the right one.
    ///   - signatures: what it says of who signed the manifest.
    ///   - table: changes what it says of leaves.
    func register(
        on bus: Bus, manifest answer: Manifest? = nil, signatures: [ManifestSignature]? = nil,
        table: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }
    ) {
        let manifest = answer ?? manifest
        bus.handle(DataSyncContract.offer) { request -> Outbound<OfferReply> in
            Outbound(
                OfferReply(signatures: signatures),
                attachments: request.body.needsManifest ? [Attachment(manifest.canonicalBytes)] : [])
        }
        bus.handle(DataSyncContract.lists) { [lists] request -> Outbound<ListsReply> in
            var bytes: [UInt8] = []
            for shard in request.body.shards {
                let encoded = lists[shard].encoded
                withUnsafeBytes(of: UInt32(encoded.count).littleEndian) { bytes += $0 }
                bytes += encoded
            }
            return Outbound(ListsReply(count: request.body.shards.count), attachments: [Attachment(table(bytes))])
        }
        bus.handleStream(DataSyncContract.pull) { [self] request, writer in
            try await send(request.body, writer)
        }
    }

    private func bytes(_ shard: Int, _ leaf: Int) -> [UInt8] {
        let (spec, list) = (manifest.shards[shard], lists[shard])
        let start = spec.offset + list.offsets[leaf]
        return Array(tensors[spec.entry][start..<start + list.leaves[leaf].size])
    }

    private func send(_ request: PullRequest, _ writer: StreamWriter<PullItem>) async throws {
        let step = state.withLock { state in
            state.requests.append(request)
            return state.steps.isEmpty ? Step.honest : state.steps.removeFirst()
        }
        var asks = request.asks
        if case .reverses = step { asks.reverse() }
        for (index, ask) in asks.enumerated() {
            guard let selection = LeafSelection(ask.leaves, of: lists[ask.shard].leaves.count) else {
                throw DataSyncError(.invalidRequest, "no leaves")
            }
            let leaves = selection.indices.map { bytes(ask.shard, $0) }
            var item = PullItem(parts: [
                PullPart(
                    shard: ask.shard,
                    leaves: leaves.map { PackedLeaf(skip: 0, encoding: .raw, bytes: $0.count).packed })
            ])
            var attachments = [leaves.flatMap { $0 }]
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
