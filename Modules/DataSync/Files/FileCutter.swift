import Contracts
import Glibc
import Store

/// Reads files one behind the other and cuts them into leaves by their content, a slab of memory at a time.
///
/// Used by one thread at a time.
final class FileCutter: @unchecked Sendable {
    // @unchecked: `DatasetReader` calls `next` again only after the call before has returned.

    /// A leaf in memory, not hashed yet, or one that is known from an earlier manifest.
    struct Piece: Sendable {
        enum Content: Sendable {
            /// Bytes of an element as in `NewShard`.
            case new(ShardBytes, elementBytes: Int)
            case known(Leaf)
        }

        let content: Content
        /// Which file it is of, if that holds tensors; see `ShardGrouper`.
        let tensors: Int?
    }

    /// What one call has read.
    struct Slab: Sendable {
        var pieces: [Piece] = []
        /// Bytes read from files.
        var bytes = 0
        var isLast = false
    }

    private let root: String
    private let isDirectory: Bool
    private let entries: [DirectoryWalk.Entry]
    private let known: [[Leaf]?]
    private let slabBytes: Int
    /// The files as they were read.
    private(set) var files: [FileSpec] = []
    private var index = 0
    private var cutter = LeafCutter(nil)
    /// The file that is being read.
    private var open: OpenFile?
    private var position = 0
    /// The beginning of a leaf that ends in the next slab.
    private var carried: ShardBytes?

    /// A file that is read, and what it was when it was opened.
    private final class OpenFile {
        let file: OwnedFile
        let status: stat

        init(_ path: String) throws {
            file = try OwnedFile(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            status = try file.status()
        }
    }

    /// - Parameters:
    ///   - known: for each entry its leaves, when they need not be read again.
    ///   - slabBytes: memory for one call; more than a leaf has at most.
    init(
        root: String, isDirectory: Bool, entries: [DirectoryWalk.Entry], known: [[Leaf]?], slabBytes: Int = 4 << 20
    ) {
        precondition(slabBytes >= 2 * Leaf.maximumBytes && known.count == entries.count)
        self.root = root
        self.isDirectory = isDirectory
        self.entries = entries
        self.known = known
        self.slabBytes = slabBytes
    }

    /// Reads on until the slab is full or the last file ends.
    /// - Throws: `DataSyncError` `invalid-request` (retriable) when a file is written to while it is read; `StoreError` `io`.
    func next() throws -> Slab {
        var slab = Slab()
        let buffer = ShardBuffer(capacity: slabBytes)
        // Where the leaf that is being read begins, and where its bytes end so far.
        var start = 0
        var end = 0
        if let carried {
            carried.withUnsafeBytes { buffer.memory.copyMemory(from: $0) }
            end = carried.count
            self.carried = nil
        }
        while index < entries.count {
            if open == nil, let leaves = known[index] {
                let entry = entries[index]
                files.append(
                    FileSpec(path: entry.path, size: entry.size, mode: entry.mode, modified: entry.modified))
                let tensors = TensorLayout.isExpected(in: entry.path) ? index : nil
                slab.pieces += leaves.map { Piece(content: .known($0), tensors: tensors) }
                index += 1
                // Leaves that are not read take no room in the slab, but they are not to pile up either.
                if slab.pieces.count > 4096 { return slab }
                continue
            }
            guard end < slabBytes else { break }
            let file = try open ?? opened()
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.memory[end..<slabBytes])
            let count = try file.file.read(into: [room], at: position)
            position += count
            slab.bytes += count
            let tensors = TensorLayout.isExpected(in: entries[index].path) ? index : nil
            func take(_ cut: LeafCutter.Cut) {
                let bytes = ShardBytes(buffer: buffer, range: start..<start + cut.size)
                slab.pieces.append(
                    Piece(content: .new(bytes, elementBytes: cut.elementBytes), tensors: tensors))
                start += cut.size
            }
            for cut in cutter.feed(UnsafeRawBufferPointer(rebasing: room[..<count])) { take(cut) }
            end += count
            guard count < room.count else { break }
            // The end of the file, which ends a leaf.
            if let cut = cutter.finish() { take(cut) }
            try close(file)
        }
        if end > start { carried = ShardBytes(buffer: buffer, range: start..<end) }
        slab.isLast = index == entries.count
        return slab
    }

    private func opened() throws -> OpenFile {
        let path = entries[index].source ?? (isDirectory ? "\(root)/\(entries[index].path)" : root)
        let file = try OpenFile(path)
        guard file.status.st_mode & S_IFMT == S_IFREG else {
            throw DataSyncError(.invalidRequest, "\(path) was a file and is none any more; try again")
        }
        position = 0
        let source = ByteSource(size: Int(file.status.st_size)) { offset, count in
            let buffer = ShardBuffer(capacity: max(1, count))
            let memory = UnsafeMutableRawBufferPointer(rebasing: buffer.memory[..<count])
            return Array(memory[..<(try file.file.read(into: [memory], at: offset))])
        }
        cutter = LeafCutter(try TensorLayout.read(source, path: entries[index].path))
        open = file
        return file
    }

    private func close(_ file: OpenFile) throws {
        let status = try file.file.status()
        guard Int(status.st_size) == position, DirectoryWalk.modified(status) == DirectoryWalk.modified(file.status)
        else {
            throw DataSyncError(
                .invalidRequest, "\(file.file.path) was written to while it was read; try again when it is at rest",
                isRetriable: true)
        }
        files.append(
            FileSpec(
                path: entries[index].path, size: position, mode: Int(status.st_mode & 0o777),
                modified: DirectoryWalk.modified(status)))
        open = nil
        index += 1
    }
}
