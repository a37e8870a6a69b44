import Contracts
import Synchronization

/// The manifests that were used last, so that serving many pulls of one does not read and parse it each time.
final class KnownManifests: Sendable {
    private static let capacity = 8

    /// Most recent last.
    private let manifests = Mutex<[(digest: Digest, manifest: Manifest)]>([])

    subscript(digest: Digest) -> Manifest? {
        manifests.withLock { manifests in
            guard let index = manifests.firstIndex(where: { $0.digest == digest }) else { return nil }
            let known = manifests.remove(at: index)
            manifests.append(known)
            return known.manifest
        }
    }

    func add(_ digest: Digest, _ manifest: Manifest) {
        manifests.withLock { manifests in
            guard !manifests.contains(where: { $0.digest == digest }) else { return }
            if manifests.count >= Self.capacity { manifests.removeFirst() }
            manifests.append((digest, manifest))
        }
    }
}
