import Contracts
import Glibc
import Synchronization

/// Which shards were hashed a short while ago and have the same file since; those need not be hashed again at once.
final class TrustedShards: Sendable {
    /// What changes when somebody writes to a file or replaces it.
    struct Stamp: Hashable {
        let inode: UInt64
        let size: Int
        let seconds: Int
        let nanoseconds: Int

        init(_ status: stat) {
            inode = UInt64(status.st_ino)
            size = Int(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    private struct Entry {
        let stamp: Stamp
        let end: ContinuousClock.Instant
    }

    private static let capacity = 16_384
    private let lifetime: Duration
    private let entries = Mutex<[Digest: Entry]>([:])

    init(lifetime: Duration) { self.lifetime = lifetime }

    func add(_ digest: Digest, _ stamp: Stamp) {
        guard lifetime > .zero else { return }
        let now = ContinuousClock.now
        entries.withLock { entries in
            if entries.count >= Self.capacity {
                entries = entries.filter { $0.value.end > now }
                if entries.count >= Self.capacity { entries.removeAll() }
            }
            entries[digest] = Entry(stamp: stamp, end: now + lifetime)
        }
    }

    func contains(_ digest: Digest, _ stamp: Stamp) -> Bool {
        entries.withLock { entries in
            guard let entry = entries[digest] else { return false }
            return entry.stamp == stamp && entry.end > ContinuousClock.now
        }
    }

    func remove(_ digest: Digest) {
        entries.withLock { $0[digest] = nil }
    }
}
