/// How a fetch spends the bytes of memory it was given: what the source may send ahead, and what is verified and written
/// together.
///
/// In memory at once are the window, one shard in hand, and three batches: one being gathered, two at work.
struct TransferRoom: Sendable, Hashable {
    /// Bytes that the source may send ahead.
    let window: Int
    /// Bytes that are verified, written and made durable together; a larger shard is a batch of its own.
    let batch: Int

    private static let batches = 3
    /// What an item is larger on the bus than its shard, rounded up.
    private static let itemOverhead = 512

    /// What a fetch needs at least, and what it can use.
    /// - Parameters:
    ///   - total: the raw bytes of all shards it moves.
    ///   - largest: those of the largest.
    static func demand(
        total: Int, largest: Int, window: Int, batch: Int
    ) -> (minimum: Int, desired: Int) {
        // Two shards on their way, so that one can arrive while another is taken.
        let minimum = 2 * (largest + itemOverhead) + largest + batches * largest
        let desired = window + largest + batches * max(batch, largest)
        return (min(minimum, total), min(max(minimum, desired), total))
    }

    /// - Parameters:
    ///   - bytes: what `demand` was answered with.
    ///   - largest: as there.
    ///   - window, batch: the most to use.
    init(bytes: Int, largest: Int, window: Int, batch: Int) {
        let rest = max(0, bytes - largest)
        self.batch = max(largest, min(batch, rest / (2 * Self.batches)))
        // Everything there is may be less than a window: then nothing is gained by a smaller one.
        self.window = max(
            min(window, rest - Self.batches * self.batch), min(window, 2 * (largest + Self.itemOverhead)), 1)
    }
}
