/// The bytes of a leaf, made smaller where that pays; lossless, of a stated size, and never larger than raw.
public enum LeafCodec {
    public enum Level: Sendable, CaseIterable {
        /// LZ4.
        case fast
        /// zstd.
        case small

        var entropy: Entropy { self == .fast ? .lz4 : .zstd }
    }

    /// The longest leaf this codec takes.
    public static let maximumSize = 1 << 20

    /// `raw` written more briefly to `output`, or `nil` when that saves less than 1/32 of it. Samples are tried first, so that
    /// bytes that do not compress cost little.
    /// - Parameters:
    ///   - elementBytes: 4 for float32 and other 4-byte numbers, whose bytes are told apart by place; 1 for anything else.
    ///   - output: as large as `raw` is enough.
    /// - Returns: how it is written, and in how many bytes of `output`.
    public static func encode(
        _ raw: UnsafeRawBufferPointer, elementBytes: Int, level: Level, into output: UnsafeMutableRawBufferPointer
    ) -> (encoding: LeafEncoding, count: Int)? {
        let limit = min(output.count, raw.count - raw.count / 32)
        guard raw.count > 64, raw.count <= maximumSize, limit > BlockHeader.size else { return nil }
        let room = UnsafeMutableRawBufferPointer(rebasing: output[BlockHeader.size..<limit])
        return CodecWorkspace.lend { workspace in
            let isShuffled = elementBytes == 4 && !LeafSample.isSmallerUnshuffled(raw, workspace: workspace)
            let count =
                isShuffled
                ? encodeWords(raw, entropy: level.entropy, workspace: workspace, into: room)
                : encodeBytes(raw, level: level, workspace: workspace, into: room)
            guard let count else { return nil }
            BlockHeader(elementBytes: isShuffled ? 4 : 1, rawSize: raw.count).write(to: output)
            let encoding: LeafEncoding =
                switch level {
                case .fast: isShuffled ? .shuffledLZ4 : .lz4
                case .small: isShuffled ? .shuffledZstd : .zstd
                }
            return (encoding, BlockHeader.size + count)
        }
    }

    /// As `encode(_:elementBytes:level:into:)`, into an array.
    public static func encode(
        _ raw: UnsafeRawBufferPointer, elementBytes: Int, level: Level
    ) -> (encoding: LeafEncoding, payload: [UInt8])? {
        var encoding: LeafEncoding?
        let payload = [UInt8](unsafeUninitializedCapacity: raw.count) { buffer, count in
            guard let made = encode(raw, elementBytes: elementBytes, level: level, into: .init(buffer)) else { return }
            (encoding, count) = (made.encoding, made.count)
        }
        return encoding.map { ($0, payload) }
    }

    /// Writes the leaf that `payload` holds to `raw`, which it must fill exactly.
    /// - Throws: `corrupt-shard` for anything else, whoever wrote it; then nothing outside `raw` was written and what is in
    ///   it means nothing. Memory does not depend on what `payload` claims.
    public static func decode(
        _ payload: UnsafeRawBufferPointer, _ encoding: LeafEncoding, into raw: UnsafeMutableRawBufferPointer
    ) throws(DataSyncError) {
        if encoding == .raw {
            guard payload.count == raw.count else { throw wrongSize(payload.count, in: raw.count) }
            return raw.copyMemory(from: payload)
        }
        let header = try BlockHeader(reading: payload)
        let isShuffled = encoding == .shuffledLZ4 || encoding == .shuffledZstd
        guard header.rawSize == raw.count, raw.count <= maximumSize else {
            throw wrongSize(header.rawSize, in: raw.count)
        }
        guard header.elementBytes == (isShuffled ? 4 : 1), header.logBlockWords == 0 else {
            throw DataSyncError(.corruptShard, "a leaf whose encoding is not the one it was sent under")
        }
        let body = UnsafeRawBufferPointer(rebasing: payload[BlockHeader.size...])
        switch encoding {
        case .raw, .lz4: try LZ4Block.decompress(body, into: raw)
        case .zstd:
            try CodecWorkspace.lend { workspace throws(DataSyncError) in try workspace.unpackZstd(body, into: raw) }
        case .shuffledLZ4: try decodeWords(body, entropy: .lz4, into: raw)
        case .shuffledZstd: try decodeWords(body, entropy: .zstd, into: raw)
        }
    }

    private static func encodeBytes(
        _ raw: UnsafeRawBufferPointer, level: Level, workspace: CodecWorkspace,
        into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let sample = PlaneSample(raw)
        switch level {
        case .fast: return sample.hasMatches ? LZ4Block.compress(raw, into: output) : nil
        case .small: return sample.hasMatches || sample.hasSymbols ? workspace.zstd(.small, raw, into: output) : nil
        }
    }

    private static func encodeWords(
        _ raw: UnsafeRawBufferPointer, entropy: Entropy, workspace: CodecWorkspace,
        into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let (words, tail) = (raw.count / 4, raw.count % 4)
        let planes = workspace.planes(words: words)
        ByteKernels.split(raw, planes: planes, words: words)
        guard
            let count = PlaneBlock.encode(
                UnsafeRawBufferPointer(start: planes, count: 4 * words), entropy: entropy, workspace: workspace,
                into: output), count + tail <= output.count
        else { return nil }
        UnsafeMutableRawBufferPointer(rebasing: output[count...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[(raw.count - tail)...]))
        return count + tail
    }

    private static func decodeWords(
        _ body: UnsafeRawBufferPointer, entropy: Entropy, into raw: UnsafeMutableRawBufferPointer
    ) throws(DataSyncError) {
        let (words, tail) = (raw.count / 4, raw.count % 4)
        let used = try CodecWorkspace.lend { workspace throws(DataSyncError) in
            try PlaneBlock.decode(body, words: words, entropy: entropy, workspace: workspace) { planes in
                ByteKernels.join(planes, into: raw, words: words)
            }
        }
        guard body.count - used == tail else { throw wrongSize(4 * words + body.count - used, in: raw.count) }
        UnsafeMutableRawBufferPointer(rebasing: raw[(4 * words)...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: body[used...]))
    }

    private static func wrongSize(_ size: Int, in expected: Int) -> DataSyncError {
        DataSyncError(.corruptShard, "a leaf of \(size) bytes in place of one of \(expected)")
    }
}
