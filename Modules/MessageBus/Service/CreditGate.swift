import Contracts
import Synchronization

/// The writer's side of a stream's credit: lets items through while the reader has granted room for them.
///
/// An item may go when its cost fits the credit, or when less than a quarter of the window is outstanding, so that an item
/// larger than the window passes alone and the reader never holds more than the window and one item.
final class CreditGate: Sendable {
    private struct Waiter {
        let cost: Int
        let ticket: OneShot<Void>
    }

    private struct State {
        var credit: Int
        var waiters: [Waiter] = []
        var closed: BusError?
    }

    private let window: Int
    private let state: Mutex<State>

    init(window: Int) {
        self.window = window
        state = Mutex(State(credit: window))
    }

    /// Waits until an item of `cost` bytes may go, and takes its credit.
    /// - Throws: why the stream ended, or `CancellationError`.
    func take(_ cost: Int) async throws {
        let ticket = try state.withLock { state throws(BusError) -> OneShot<Void>? in
            if let closed = state.closed { throw closed }
            if state.waiters.isEmpty, Credit.allows(cost: cost, credit: state.credit, window: window) {
                state.credit -= cost
                return nil
            }
            let ticket = OneShot<Void>()
            state.waiters.append(Waiter(cost: cost, ticket: ticket))
            return ticket
        }
        guard let ticket else { return }
        do { try await ticket.value() } catch {
            state.withLock { $0.waiters.removeAll { $0.ticket === ticket } }
            throw error
        }
    }

    /// The reader granted `bytes` more.
    func grant(_ bytes: Int) {
        let ready = state.withLock { state in
            // A reader cannot grant more than the whole window.
            state.credit = min(window, state.credit + bytes)
            var ready: [OneShot<Void>] = []
            while let first = state.waiters.first,
                Credit.allows(cost: first.cost, credit: state.credit, window: window)
            {
                state.credit -= first.cost
                ready.append(state.waiters.removeFirst().ticket)
            }
            return ready
        }
        for ticket in ready { ticket.settle(.success(())) }
    }

    /// The stream ended: nothing more may go.
    func close(_ error: BusError) {
        let waiters = state.withLock { state in
            state.closed = state.closed ?? error
            let waiters = state.waiters
            state.waiters = []
            return waiters
        }
        for waiter in waiters { waiter.ticket.settle(.failure(error)) }
    }
}
