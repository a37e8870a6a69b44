/// One stretch of a tensor's bytes that becomes a shard.
struct ShardSpan: Sendable, Hashable {
    /// Which tensor.
    let entry: Int
    let offset: Int
    let size: Int

    var range: Range<Int> { offset..<(offset + size) }

    /// Cuts tensors of these many bytes at their own boundaries and then every `shardBytes`, so that a tensor that did not
    /// change keeps its shards whatever happened to its neighbours. A tensor without bytes has no shard.
    /// - Precondition: `shardBytes` is positive.
    static func cut(tensorBytes: [Int], shardBytes: Int) -> [ShardSpan] {
        precondition(shardBytes > 0, "a shard has at least one byte")
        return tensorBytes.enumerated().flatMap { tensor, bytes in
            stride(from: 0, to: bytes, by: shardBytes).map { offset in
                ShardSpan(entry: tensor, offset: offset, size: min(shardBytes, bytes - offset))
            }
        }
    }

    /// Splits spans into runs of at most `bytes` (or one span) each, in order.
    static func batches(_ spans: [ShardSpan], bytes: Int) -> [ArraySlice<ShardSpan>] {
        var batches: [ArraySlice<ShardSpan>] = []
        var start = 0
        var sum = 0
        for (index, span) in spans.enumerated() {
            if index > start, sum + span.size > bytes {
                batches.append(spans[start..<index])
                (start, sum) = (index, 0)
            }
            sum += span.size
        }
        if start < spans.count { batches.append(spans[start...]) }
        return batches
    }
}
