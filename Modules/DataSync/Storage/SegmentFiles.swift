import Glibc
import Store
import Synchronization

/// The segment files of a store: `00000001.seg` and so on, open while they are used and for a while after.
final class SegmentFiles: Sendable {
    /// An open segment.
    final class File: Sendable {
        let file: OwnedFile

        fileprivate init(_ path: String, flags: Int32) throws { file = try OwnedFile(path, flags: flags) }
    }

    private struct State {
        var files: [Int: (file: File, use: UInt64)] = [:]
        var uses: UInt64 = 0
    }

    private static let open = 64
    let directory: String
    private let state = Mutex(State())

    init(directory: String) { self.directory = directory }

    func path(_ segment: Int) -> String {
        let digits = String(segment)
        return "\(directory)/\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).seg"
    }

    /// The numbers of the segments on disk, in order.
    func ids() throws -> [Int] {
        try DirectoryListing.names(in: directory).compactMap { name in
            guard name.hasSuffix(".seg"), let id = Int(name.dropLast(4)), path(id) == "\(directory)/\(name)" else {
                return nil
            }
            return id
        }.sorted()
    }

    /// Whether the segment is on disk; one that somebody removed has nothing left to free.
    func isThere(_ segment: Int) -> Bool { access(path(segment), F_OK) == 0 || errno != ENOENT }

    /// The segment, open for reading and writing.
    /// - Throws: `StoreError` when it is not there.
    func file(_ segment: Int) throws -> File { try file(segment, flags: O_RDWR) }

    /// A new segment, whose name survives a power loss.
    func create(_ segment: Int) throws -> File {
        let file = try file(segment, flags: O_RDWR | O_CREAT | O_EXCL)
        try DurableFile.syncDirectory(directory)
        return file
    }

    func remove(_ segment: Int) throws {
        _ = state.withLock { $0.files.removeValue(forKey: segment) }
        guard unlink(path(segment)) == 0 || errno == ENOENT else {
            throw StoreError(errno: errno, doing: "remove", path: path(segment))
        }
    }

    private func file(_ segment: Int, flags: Int32) throws -> File {
        let known = state.withLock { state -> File? in
            guard let file = state.files[segment]?.file else { return nil }
            state.uses += 1
            state.files[segment]?.use = state.uses
            return file
        }
        if let known { return known }
        let file = try File(path(segment), flags: flags)
        state.withLock { state in
            state.uses += 1
            if state.files.count >= Self.open, let oldest = state.files.min(by: { $0.value.use < $1.value.use }) {
                state.files[oldest.key] = nil
            }
            state.files[segment] = (file, state.uses)
        }
        return file
    }
}
