import Core
import Glibc

/// Memory that is followed by a page that cannot be touched.
final class GuardedMemory {
    private let start: UnsafeMutableRawPointer
    private let capacity: Int
    private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

    init(capacity: Int) throws {
        self.capacity = (capacity + page - 1) / page * page
        let memory = mmap(nil, self.capacity + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED, mprotect(memory + self.capacity, page, PROT_NONE) == 0 else {
            throw Failure(code: "no-memory", message: "the system gave no guarded memory: errno \(errno)")
        }
        start = memory
    }

    deinit { munmap(start, capacity + page) }

    /// The last `count` bytes.
    func end(_ count: Int) -> UnsafeMutableRawBufferPointer { .init(start: start + capacity - count, count: count) }

    /// `bytes` at the end.
    func end(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let memory = end(bytes.count)
        memory.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(memory)
    }
}
