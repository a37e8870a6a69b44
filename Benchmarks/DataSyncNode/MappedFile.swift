import Core
import Glibc
import MessageBus

/// A file's bytes, mapped.
final class MappedFile: @unchecked Sendable {
    // @unchecked: the mapping is read-only and private.
    let bytes: UnsafeRawBufferPointer

    init(_ path: String) throws {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw Failure(code: "io", message: "cannot read \(path)") }
        defer { close(file) }
        let size = Int(lseek(file, 0, SEEK_END))
        guard size > 0, let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED else {
            throw Failure(code: "io", message: "cannot map \(path)")
        }
        bytes = UnsafeRawBufferPointer(start: start, count: size)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    var attachment: Attachment { Attachment(owner: self, bytes: bytes) }
}
