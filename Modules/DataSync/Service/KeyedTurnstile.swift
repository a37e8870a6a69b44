import Synchronization

/// Lets one task in at a time for each key.
final class KeyedTurnstile<Key: Hashable & Sendable>: Sendable {
    private struct Door {
        let turnstile = Turnstile(places: 1)
        var users = 0
    }

    private let doors = Mutex<[Key: Door]>([:])

    func within<Result>(
        _ key: Key, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async throws -> Result {
        let turnstile = doors.withLock { doors in
            doors[key, default: Door()].users += 1
            return doors[key, default: Door()].turnstile
        }
        defer { leave(key) }
        return try await turnstile.within(body)
    }

    /// As `within`, but only if nobody is in or waits.
    /// - Returns: `nil` if somebody is.
    func withinIfFree<Result>(
        _ key: Key, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async throws -> Result? {
        let turnstile: Turnstile? = doors.withLock { doors in
            guard doors[key] == nil else { return nil }
            let door = Door(users: 1)
            doors[key] = door
            return door.turnstile
        }
        guard let turnstile else { return nil }
        defer { leave(key) }
        return try await turnstile.within(body)
    }

    private func leave(_ key: Key) {
        doors.withLock { doors in
            doors[key]?.users -= 1
            if doors[key]?.users == 0 { doors[key] = nil }
        }
    }
}
