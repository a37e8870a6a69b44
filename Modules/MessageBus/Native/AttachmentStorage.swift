import CZeroMQ

/// Memory of an attachment and whoever keeps it valid.
final class AttachmentStorage: @unchecked Sendable {
    // @unchecked: the bytes are never written after init, and `release` runs once, in deinit.
    let bytes: UnsafeRawBufferPointer
    private let owner: (any AnyObject & Sendable)?
    private let message: UnsafeMutablePointer<zmq_msg_t>?
    private let memory: UnsafeMutableRawBufferPointer?
    /// What malloc gives by itself. For more, glibc before 2.38 looks for a larger stretch than was asked for, so that the
    /// place of a freed buffer never takes the next one of its size, and memory grows as buffers come and go.
    private static let alignment = 16

    init(owner: any AnyObject & Sendable, bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        self.owner = owner
        message = nil
        memory = nil
    }

    init(copying source: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: Self.alignment)
        copy.copyMemory(from: source)
        bytes = UnsafeRawBufferPointer(copy)
        owner = nil
        message = nil
        memory = copy
    }

    /// Memory of `count` bytes that `fill` writes.
    init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: Self.alignment)
        fill(memory)
        bytes = UnsafeRawBufferPointer(memory)
        owner = nil
        message = nil
        self.memory = memory
    }

    /// An array's elements lie in one heap object that does not move while someone holds the array and nobody writes to
    /// it; this object holds it, and nobody else can reach this reference to write.
    convenience init(array: [UInt8]) {
        let holder = ArrayHolder(array)
        self.init(owner: holder, bytes: holder.array.withUnsafeBytes { $0 })
    }

    /// Takes over an initialised message, which was allocated for this purpose.
    init(message: UnsafeMutablePointer<zmq_msg_t>) {
        bytes = UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message))
        owner = nil
        self.message = message
        memory = nil
    }

    deinit {
        if let message {
            zmq_msg_close(message)
            message.deallocate()
        }
        memory?.deallocate()
    }

    private final class ArrayHolder: Sendable {
        let array: [UInt8]

        init(_ array: [UInt8]) { self.array = array }
    }
}
