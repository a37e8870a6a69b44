import Contracts
import Synchronization

/// The manifests that were used last, so that serving many pulls of one does not read and parse it each time.
final class KnownManifests: Sendable {
    private static let capacity = 8
    /// Files and shards of all of them together: some 30 MB; of the last one alone they may be more.
    private static let entries = 1 << 17

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
            manifests.append((digest, manifest))
            var entries = manifests.reduce(0) { $0 + $1.manifest.entries }
            while manifests.count > Self.capacity || (manifests.count > 1 && entries > Self.entries) {
                entries -= manifests.removeFirst().manifest.entries
            }
        }
    }
}

extension Manifest {
    fileprivate var entries: Int { files.count + shards.count }
}
