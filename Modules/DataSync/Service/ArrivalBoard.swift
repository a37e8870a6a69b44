import Contracts
import Synchronization

/// Tells whoever passes a manifest on that shards of it became durable here.
final class ArrivalBoard: Sendable {
    private let signals = Mutex<[Digest: Signal]>([:])

    /// - Returns: what is raised when shards of `manifest` arrive; `nil` while it is not being fetched.
    func signal(of manifest: Digest) -> Signal? { signals.withLock { $0[manifest] } }

    func begin(_ manifest: Digest) { signals.withLock { $0[manifest] = $0[manifest] ?? Signal() } }

    func raise(_ manifest: Digest) { signal(of: manifest)?.raise() }

    /// It is no longer being fetched, whatever came of it.
    func end(_ manifest: Digest) { signals.withLock { $0.removeValue(forKey: manifest) }?.raise() }
}
