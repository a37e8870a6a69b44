import Glibc

/// Memory for `count` float32 values, aligned to 64 bytes (a cache line, and the widest vector register) and freed with
/// the object.
///
/// Tensors share it and copy it before they write, so whoever holds a reference sees values that never change: it can be
/// handed to another thread or to a socket without a copy.
public final class FloatBuffer: @unchecked Sendable {
    // @unchecked: written only through a tensor that holds the one reference to it.

    /// How many values there is room for.
    public let count: Int
    @usableFromInline let base: UnsafeMutablePointer<Float>

    /// The alignment of every buffer, in bytes.
    public static let alignment = 64

    /// Uninitialised memory.
    ///
    /// Running out of memory ends the process, as it does for every Swift value.
    init(uninitialized count: Int) {
        precondition(count >= 0, "a buffer cannot hold \(count) values")
        let bytes = max(1, count) * MemoryLayout<Float>.stride
        var memory: UnsafeMutableRawPointer?
        let status = posix_memalign(&memory, Self.alignment, bytes)
        guard status == 0, let memory else {
            preconditionFailure("out of memory: \(bytes) bytes for a tensor were refused")
        }
        self.count = count
        base = memory.bindMemory(to: Float.self, capacity: max(1, count))
    }

    deinit { free(base) }

    /// The values as raw bytes in the machine's order (little-endian on every supported machine), valid while the buffer is
    /// alive.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: count * MemoryLayout<Float>.stride)
    }

    func copy() -> FloatBuffer {
        let copy = FloatBuffer(uninitialized: count)
        copy.base.update(from: base, count: count)
        return copy
    }
}
