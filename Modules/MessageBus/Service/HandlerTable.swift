import Contracts
import Synchronization

/// Who answers which subject.
final class HandlerTable: Sendable {
    struct CallHandler: Sendable {
        let lane: Lane
        let execution: HandlerExecution
        let respond: @Sendable (RawMessage) async throws -> RawReply
    }

    struct StreamHandler: Sendable {
        let lane: Lane
        let execution: HandlerExecution
        let respond: @Sendable (RawMessage, StreamSink) async throws -> Void
    }

    struct EventHandler: Sendable {
        let lane: Lane
        /// Queues the event for the handler.
        /// - Returns: whether there was room.
        let deliver: @Sendable (RawMessage) -> Bool
    }

    private struct State {
        var calls: [String: CallHandler] = [:]
        var streams: [String: StreamHandler] = [:]
        var events: [String: [EventHandler]] = [:]
    }

    private let state = Mutex(State())

    func add(_ handler: CallHandler, for subject: String) {
        let previous = state.withLock { $0.calls.updateValue(handler, forKey: subject) }
        precondition(previous == nil, "'\(subject)' has a handler already; a subject has one")
    }

    func add(_ handler: StreamHandler, for subject: String) {
        let previous = state.withLock { $0.streams.updateValue(handler, forKey: subject) }
        precondition(previous == nil, "'\(subject)' has a stream handler already; a subject has one")
    }

    func add(_ handler: EventHandler, for subject: String) {
        state.withLock { $0.events[subject, default: []].append(handler) }
    }

    func call(_ subject: String) -> CallHandler? { state.withLock { $0.calls[subject] } }
    func stream(_ subject: String) -> StreamHandler? { state.withLock { $0.streams[subject] } }
    func events(_ subject: String) -> [EventHandler] { state.withLock { $0.events[subject] ?? [] } }

    /// Lets go of every handler. A handler holds its service, which holds the bus: without this none would ever be freed.
    func removeAll() {
        // The old state is freed after the lock: a service may end with its handler.
        _ = state.withLock { state in
            let old = state
            state = State()
            return old
        }
    }

    /// The subjects that peers are told to send.
    var subscriptions: [String] { state.withLock { $0.events.keys.sorted() } }
}
