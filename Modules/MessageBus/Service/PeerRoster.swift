import Contracts
import Synchronization

/// Who is connected, as tasks may ask it from any thread, and who wants to be told when that changes.
final class PeerRoster: Sendable {
    private struct State {
        /// Sessions that are up, per peer.
        var sessions: [PeerID: Int] = [:]
        /// Why the last attempt to reach a peer failed.
        var failures: [PeerID: BusError] = [:]
        var listeners: [UInt64: AsyncStream<PeerEvent>.Continuation] = [:]
        var nextListener: UInt64 = 0
        var isClosed = false
    }

    /// Events that wait for a slow listener; older ones are forgotten past it.
    private static let backlog = 1024

    private let state = Mutex(State())

    func isConnected(_ peer: PeerID) -> Bool { state.withLock { $0.sessions[peer] != nil } }

    /// Why the last attempt to reach `peer` failed.
    func failure(_ peer: PeerID) -> BusError? { state.withLock { $0.failures[peer] } }

    var isEmpty: Bool { state.withLock { $0.sessions.isEmpty } }

    var connected: [PeerID] { state.withLock { $0.sessions.keys.sorted() } }

    func sessionStarted(_ peer: PeerID) {
        tell(.connected(peer)) { state in
            state.sessions[peer, default: 0] += 1
            state.failures[peer] = nil
            return true
        }
    }

    func sessionEnded(_ peer: PeerID, reason: BusError) {
        tell(.disconnected(peer, reason: reason)) { state in
            guard let count = state.sessions[peer] else { return false }
            state.sessions[peer] = count > 1 ? count - 1 : nil
            state.failures[peer] = reason
            return count == 1
        }
    }

    /// A new attempt to reach `peer`: that it was refused before no longer counts.
    func attemptStarted(_ peer: PeerID) {
        state.withLock { if $0.failures[peer]?.is(.refused) == true { $0.failures[peer] = nil } }
    }

    func attemptFailed(_ peer: PeerID, reason: BusError) {
        tell(.refused(peer, reason: reason)) { state in
            state.failures[peer] = reason
            return reason.is(.refused)
        }
    }

    /// Makes a change and tells the listeners when `change` says that it is one for them. Without the lock: who listens may be
    /// cancelled at this moment, which holds its task and takes the lock, while the news is held up by the task.
    private func tell(_ event: PeerEvent, after change: (inout State) -> Bool) {
        let listeners = state.withLock { state in change(&state) ? Array(state.listeners.values) : [] }
        for listener in listeners { listener.yield(event) }
    }

    /// Every change from now on, after one `connected` for each peer that is connected already.
    func events() -> AsyncStream<PeerEvent> {
        AsyncStream(bufferingPolicy: .bufferingNewest(Self.backlog)) { continuation in
            let number = state.withLock { state -> UInt64? in
                guard !state.isClosed else { return nil }
                state.nextListener += 1
                state.listeners[state.nextListener] = continuation
                for peer in state.sessions.keys.sorted() { continuation.yield(.connected(peer)) }
                return state.nextListener
            }
            guard let number else { return continuation.finish() }
            continuation.onTermination = { [weak self] _ in self?.remove(number) }
        }
    }

    /// Ends every stream of events.
    func close() {
        let listeners = state.withLock { state in
            state.isClosed = true
            let listeners = state.listeners
            state.listeners = [:]
            return listeners
        }
        for listener in listeners.values { listener.finish() }
    }

    private func remove(_ number: UInt64) { state.withLock { _ = $0.listeners.removeValue(forKey: number) } }
}
