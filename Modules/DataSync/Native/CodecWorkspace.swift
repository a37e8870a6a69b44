import CZstd
import Synchronization

/// What a codec works with: zstd's contexts, which are dear to make, and room for the planes of a block. Lent to one call at
/// a time; a few are kept for the next.
final class CodecWorkspace {
    /// How zstd is to compress.
    enum Effort: CaseIterable {
        /// By the frequency of bytes alone. Weights have no repetitions worth finding: looking for them makes the result
        /// larger and takes three times as long.
        case symbols
        case fast
        case small

        var level: Int32 {
            switch self {
            case .symbols: -1000
            case .fast: 1
            case .small: 3
            }
        }
    }

    private var compressors: [Effort: OpaquePointer] = [:]
    private var decompressor: OpaquePointer?
    private var memory: ShardBuffer?

    /// Planes of `words` words; valid until the next call.
    func planes(words: Int) -> UnsafeMutablePointer<UInt8> {
        if let memory, memory.memory.count >= 4 * words, let start = memory.memory.baseAddress {
            return start.assumingMemoryBound(to: UInt8.self)
        }
        let larger = ShardBuffer(capacity: max(4 * words, 1 << 18))
        memory = larger
        guard let start = larger.memory.baseAddress else { preconditionFailure("memory of no address") }
        return start.assumingMemoryBound(to: UInt8.self)
    }

    /// `raw` as one zstd frame in `output`.
    /// - Returns: its bytes, or `nil` when they do not fit.
    func zstd(_ effort: Effort, _ raw: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        guard let context = compressor(effort) else { return nil }
        let count = ZSTD_compress2(context, output.baseAddress, output.count, raw.baseAddress, raw.count)
        return ZSTD_isError(count) == 0 ? count : nil
    }

    /// Unpacks one zstd frame into `output`, which it must fill exactly.
    /// - Throws: `corrupt-shard` for anything else, having written nothing outside `output`.
    func unpackZstd(_ frame: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(DataSyncError) {
        if decompressor == nil { decompressor = ZSTD_createDCtx() }
        guard let decompressor else { throw DataSyncError(.native, "zstd has no memory left", isRetriable: true) }
        guard ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count) == frame.count else {
            throw DataSyncError(.corruptShard, "\(frame.count) bytes in place of one zstd frame")
        }
        let count = ZSTD_decompressDCtx(
            decompressor, output.baseAddress, output.count, frame.baseAddress, frame.count)
        guard count == output.count else {
            throw DataSyncError(
                .corruptShard,
                ZSTD_isError(count) != 0
                    ? "a damaged zstd frame: \(String(cString: ZSTD_getErrorName(count)))"
                    : "a zstd frame of \(count) bytes in place of one of \(output.count)")
        }
    }

    private func compressor(_ effort: Effort) -> OpaquePointer? {
        if let context = compressors[effort] { return context }
        guard let context = ZSTD_createCCtx() else { return nil }
        let settings: [(ZSTD_cParameter, Int32)] =
            [(ZSTD_c_compressionLevel, effort.level), (ZSTD_c_checksumFlag, 0)]
            + (effort == .symbols ? [(gedge_zstd_literal_compression, Int32(1))] : [])
        for (parameter, value) in settings where ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)) != 0 {
            ZSTD_freeCCtx(context)
            return nil
        }
        compressors[effort] = context
        return context
    }

    deinit {
        for context in compressors.values { ZSTD_freeCCtx(context) }
        ZSTD_freeDCtx(decompressor)
    }
}

extension CodecWorkspace {
    /// As many as threads that compress at once on a small machine; more are made for a moment.
    private static let kept = 4
    private static let idle = Mutex<[CodecWorkspaceBox]>([])

    /// Lends a workspace that nobody else has to `body`.
    static func lend<Result, Fault: Error>(_ body: (CodecWorkspace) throws(Fault) -> Result) throws(Fault) -> Result {
        let box = idle.withLock { $0.popLast() } ?? CodecWorkspaceBox()
        defer { idle.withLock { if $0.count < kept { $0.append(box) } } }
        return try body(box.workspace)
    }
}

/// Carries a workspace from one borrower to the next.
private final class CodecWorkspaceBox: @unchecked Sendable {
    // @unchecked: a box is either in the list, where nobody uses its workspace, or with the one who took it from there.
    let workspace = CodecWorkspace()
}
