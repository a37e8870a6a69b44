import CLZ4

/// LZ4 frames (github.com/lz4/lz4, doc/lz4_Frame_format.md) that state their content's size.
enum LZ4Codec {
    /// A shard is kept compressed when that saves at least 1/32 of it.
    private static func pays(_ compressed: Int, of raw: Int) -> Bool { compressed <= raw - raw / 32 }

    /// `raw` as a frame, or `nil` when compression does not pay. Weights hardly ever compress, so large shards are tried on
    /// a sample of four slices first, which costs 3 % of compressing the whole.
    static func compress(_ raw: UnsafeRawBufferPointer) -> (buffer: ShardBuffer, count: Int)? {
        if raw.count >= 1 << 17, !samplePays(raw) { return nil }
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.contentSize = UInt64(raw.count)
        preferences.frameInfo.blockSizeID = LZ4F_max1MB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        let bound = LZ4F_compressFrameBound(raw.count, &preferences)
        let buffer = ShardBuffer(capacity: bound)
        let count = LZ4F_compressFrame(
            buffer.memory.baseAddress, bound, raw.baseAddress, raw.count, &preferences)
        guard LZ4F_isError(count) == 0, pays(count, of: raw.count) else { return nil }
        return (buffer, count)
    }

    /// Unpacks `frame` into `output`, which it must fill exactly.
    /// - Throws: `corrupt-shard` for anything else, having written nothing outside `output`.
    static func decompress(_ frame: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
        throws(DataSyncError)
    {
        var context: OpaquePointer?
        guard LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0, let context else {
            throw DataSyncError(.native, "LZ4 has no memory left", isRetriable: true)
        }
        defer { LZ4F_freeDecompressionContext(context) }
        var info = LZ4F_frameInfo_t()
        var consumed = frame.count
        try check(LZ4F_getFrameInfo(context, &info, frame.baseAddress, &consumed))
        guard info.contentSize == UInt64(output.count) else {
            throw DataSyncError(
                .corruptShard, "an LZ4 frame of \(info.contentSize) bytes in place of one of \(output.count)")
        }
        var options = LZ4F_decompressOptions_t()
        options.stableDst = 1
        var produced = 0
        while true {
            var source = frame.count - consumed
            var room = output.count - produced
            let hint = LZ4F_decompress(
                context, output.baseAddress.map { $0 + produced }, &room, frame.baseAddress.map { $0 + consumed },
                &source, &options)
            try check(hint)
            consumed += source
            produced += room
            if hint == 0 { break }
            guard source > 0 || room > 0 else {
                throw DataSyncError(.corruptShard, "an LZ4 frame that ends too early or holds too much")
            }
        }
        guard produced == output.count, consumed == frame.count else {
            throw DataSyncError(
                .corruptShard, "an LZ4 frame of \(produced) bytes in place of one of \(output.count)")
        }
    }

    private static func check(_ result: Int) throws(DataSyncError) {
        guard LZ4F_isError(result) == 0 else {
            throw DataSyncError(.corruptShard, "a damaged LZ4 frame: \(String(cString: LZ4F_getErrorName(result)))")
        }
    }

    private static func samplePays(_ raw: UnsafeRawBufferPointer) -> Bool {
        let slice = 8 << 10
        let bound = Int(LZ4_compressBound(Int32(slice)))
        return withUnsafeTemporaryAllocation(byteCount: bound, alignment: 16) { scratch in
            var compressed = 0
            for part in 0..<4 {
                let start = (raw.count - slice) / 3 * part
                compressed += Int(
                    LZ4_compress_default(
                        raw.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self),
                        scratch.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(slice), Int32(bound)))
            }
            return pays(compressed, of: 4 * slice)
        }
    }
}
