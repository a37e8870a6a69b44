/// Bytes that are sent without a copy: memory that lives as long as its owner.
public struct HTTPBytes: @unchecked Sendable {
    // @unchecked: the memory is read-only from here on; its owner keeps it alive and nobody writes to it.
    private let owner: AnyObject?
    public let bytes: UnsafeRawBufferPointer

    /// - Parameters:
    ///   - owner: keeps `bytes` alive and unchanged while any copy of this lives.
    public init(owner: AnyObject, bytes: UnsafeRawBufferPointer) {
        self.owner = owner
        self.bytes = bytes
    }

    /// Copies `array` once.
    public init(_ array: [UInt8]) {
        let memory = Memory(array)
        owner = memory
        bytes = UnsafeRawBufferPointer(memory.buffer)
    }

    public var count: Int { bytes.count }

    private final class Memory {
        let buffer: UnsafeMutableRawBufferPointer

        init(_ array: [UInt8]) {
            buffer = .allocate(byteCount: array.count, alignment: 16)
            buffer.copyBytes(from: array)
        }

        deinit { buffer.deallocate() }
    }
}
