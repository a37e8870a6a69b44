import Synchronization

/// Tells any number of listeners the newest value of a key. A slow listener skips to the newest value and never holds up
/// the one who announces.
public final class ChangeFeed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var next = 0
        var listeners: [Key: [Int: AsyncStream<Value>.Continuation]] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// The values of `key` from now on; ends when the key is finished or the listener stops.
    public func values(of key: Key) -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream<Value>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            defer { state.next += 1 }
            state.listeners[key, default: [:]][state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.listeners[key]?[id] = nil
                if state.listeners[key]?.isEmpty == true { state.listeners[key] = nil }
            }
        }
        return stream
    }

    /// Whether anybody would see a new value of `key`.
    public func hasListeners(of key: Key) -> Bool { state.withLock { $0.listeners[key] != nil } }

    /// Announces the new value of `key`.
    public func send(_ value: Value, for key: Key) {
        let listeners = state.withLock { Array(($0.listeners[key] ?? [:]).values) }
        for listener in listeners { listener.yield(value) }
    }

    /// Ends every listener of `key`: there will be no more values.
    public func finish(_ key: Key) {
        let listeners = state.withLock { Array(($0.listeners.removeValue(forKey: key) ?? [:]).values) }
        for listener in listeners { listener.finish() }
    }
}
