/// Memory of shards and leaves, given back when the last user lets go. Attachments share it without a copy.
final class ShardBuffer: @unchecked Sendable {
    // @unchecked: written only by the code that made it, before it is shared.
    let memory: UnsafeMutableRawBufferPointer
    /// Who keeps the memory valid, when it is not this object's own.
    private let lender: (any AnyObject & Sendable)?

    init(capacity: Int) {
        memory = .allocate(byteCount: capacity, alignment: 64)
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
