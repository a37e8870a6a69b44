import COneDNN
import Glibc

/// Memory for float32 values, aligned to a cache line and freed with the object.
final class AlignedMemory {
    let bytes: Int
    let base: UnsafeMutableRawPointer

    /// Zeroed memory; running out of it ends the process, as it does for every Swift value.
    init(bytes: Int) {
        let size = (max(1, bytes) + 63) & ~63
        var memory: UnsafeMutableRawPointer?
        let status = posix_memalign(&memory, 64, size)
        guard status == 0, let memory else { preconditionFailure("out of memory: \(size) bytes were refused") }
        memset(memory, 0, size)
        self.bytes = size
        base = memory
    }

    deinit { free(base) }
}

/// Values in a layout of oneDNN's choice, and oneDNN's handle for them.
final class Block {
    let library: OneDNN
    let descriptor: dnnl_memory_desc_t
    let memory: AlignedMemory
    let handle: dnnl_memory_t
    /// How many float32 values there are, those included that only fill a layout up.
    let count: Int

    /// - Parameter memory: with room for the descriptor's layout; fresh zeros when left out.
    init(_ library: OneDNN, _ descriptor: dnnl_memory_desc_t, in memory: AlignedMemory? = nil) throws(NetworkError) {
        self.library = library
        self.descriptor = descriptor
        let bytes = Self.bytes(library, descriptor)
        let memory = memory ?? AlignedMemory(bytes: bytes)
        precondition(memory.bytes >= bytes, "\(memory.bytes) bytes hold no layout of \(bytes)")
        var handle: dnnl_memory_t?
        var copy = descriptor
        try library.check(
            library.functions.memory_create(&handle, &copy, library.engine, memory.base), "a block of \(bytes) bytes")
        guard let handle else { throw NetworkError(.unavailable, "oneDNN gave no memory") }
        self.memory = memory
        self.handle = handle
        count = bytes / MemoryLayout<Float>.stride
    }

    deinit { _ = library.functions.memory_destroy(handle) }

    static func bytes(_ library: OneDNN, _ descriptor: dnnl_memory_desc_t) -> Int {
        var copy = descriptor
        return library.functions.memory_desc_get_size(&copy)
    }

    /// Valid while the block is.
    var values: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(
            start: memory.base.bindMemory(to: Float.self, capacity: count), count: count)
    }
}
