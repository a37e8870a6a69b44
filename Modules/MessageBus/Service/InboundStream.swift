/// The items of a stream, in order, as they come. Read by one task; credit for more is granted as items are taken.
///
/// Leaving the loop early, cancelling the task that reads, or letting go of the stream tells the writer to stop. Waiting
/// for an item fails with a retriable `unreachable` when the connection is lost, and with the handler's own failure when it
/// threw.
public struct InboundStream<Item: Codable & Sendable>: AsyncSequence, Sendable {
    public typealias Element = Inbound<Item>

    private let handle: Handle

    init(subject: String, buffer: StreamBuffer) { handle = Handle(subject: subject, buffer: buffer) }

    public func makeAsyncIterator() -> Iterator { Iterator(handle: handle) }

    /// Tells the writer to stop; reading on throws `CancellationError`.
    public func cancel() { handle.buffer.stop(CancellationError()) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let handle: Handle

        /// The next item, or `nil` after the last.
        public mutating func next() async throws -> Inbound<Item>? {
            guard let item = try await handle.buffer.next() else { return nil }
            do { return try item.message.typed(Item.self, subject: handle.subject) } catch {
                handle.buffer.stop(error)
                throw error
            }
        }
    }

    fileprivate final class Handle: Sendable {
        let subject: String
        let buffer: StreamBuffer

        init(subject: String, buffer: StreamBuffer) {
            self.subject = subject
            self.buffer = buffer
        }

        deinit { buffer.stop(CancellationError()) }
    }
}
