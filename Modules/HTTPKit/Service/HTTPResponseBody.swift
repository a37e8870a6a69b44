/// An answer's body as it arrives: pieces of bytes, read once, by one task.
///
/// What was not read when this is released is not fetched. Memory is bounded by the client's `receiveBufferBytes`; the
/// server waits.
public final class HTTPResponseBody: AsyncSequence, Sendable {
    public typealias Element = [UInt8]

    private let transfer: Transfer
    private let loop: CurlLoop
    private let watch: IdleWatch

    init(transfer: Transfer, loop: CurlLoop, watch: IdleWatch) {
        self.transfer = transfer
        self.loop = loop
        self.watch = watch
    }

    deinit {
        loop.post(.end(transfer, HTTPError(.closed, "\(transfer.name): nobody read on")))
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let body: HTTPResponseBody

        public func next() async throws -> [UInt8]? { try await body.next() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }

    /// The next bytes, or `nil` at the body's end.
    /// - Throws: `HTTPError` when the connection ends too early or nothing comes for too long; `CancellationError`.
    public func next() async throws -> [UInt8]? {
        let room = transfer.configuration.receiveBufferBytes
        var arrived = try transfer.change { (state) throws(HTTPError) in try state.take() }
        if case .nothing = arrived {
            arrived = try await watch.run(transfer) { transfer in
                try await transfer.wait { state -> TransferState.Arrived? in
                    let arrived = try state.take()
                    if case .nothing = arrived { return nil }
                    return arrived
                }
            }
        }
        if transfer.change({ $0.resumesReceiving(room: room) }) { loop.post(.resumeReceiving(transfer)) }
        if case .bytes(let bytes) = arrived { return bytes }
        return nil
    }

    /// The whole body.
    /// - Throws: `HTTPError` `too-large` when there are more than `maximum` bytes; as `next`.
    public func collect(upTo maximum: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await next() {
            guard bytes.count + piece.count <= maximum else {
                throw HTTPError(.tooLarge, "\(transfer.name): the answer has more than \(maximum) bytes")
            }
            if bytes.isEmpty { bytes = piece } else { bytes += piece }
        }
        return bytes
    }
}
