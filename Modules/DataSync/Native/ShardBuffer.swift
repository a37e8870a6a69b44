/// Memory of shards and leaves, given back when the last user lets go. Attachments share it without a copy.
final class ShardBuffer: @unchecked Sendable {
    // @unchecked: written only by the code that made it, before it is shared.
    let memory: UnsafeMutableRawBufferPointer
    /// Who keeps the memory valid, when it is not this object's own.
    private let lender: (any AnyObject & Sendable)?

    init(capacity: Int) {
        // What malloc gives by itself: glibc before 2.38 reuses no freed buffer for one of its size that wants more.
        memory = .allocate(byteCount: capacity, alignment: 16)
        lender = nil
    }

    /// Memory that stays valid and unchanged for as long as `lender` lives.
    init(lender: any AnyObject & Sendable, bytes: UnsafeRawBufferPointer) {
        memory = UnsafeMutableRawBufferPointer(mutating: bytes)
        self.lender = lender
    }

    deinit {
        if lender == nil { memory.deallocate() }
    }

    /// The bytes at `range`.
    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[range])
    }
}
