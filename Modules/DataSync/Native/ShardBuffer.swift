/// Memory for one shard, given back when the last user lets go. Attachments share it without a copy.
final class ShardBuffer: @unchecked Sendable {
    // @unchecked: written only by the code that made it, before it is shared.
    let memory: UnsafeMutableRawBufferPointer

    init(capacity: Int) {
        memory = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit { memory.deallocate() }

    /// The bytes at `range`.
    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[range])
    }
}
