/// Four planes of equally many bytes, each written the way that pays best for it.
///
/// A head of four little-endian words says of each plane how it is written (high byte, `Coding`) and how many bytes that takes
/// (low 24 bits); the planes follow in order.
enum PlaneBlock {
    static let headSize = 16
    /// The longest plane, so that a size fits its 24 bits and a decoder's scratch is bounded.
    static let maximumWords = 1 << 18

    enum Coding: UInt8 {
        case stored = 0
        /// All bytes are the one that is written.
        case constant = 1
        case lz4 = 2
        case zstd = 3
    }

    /// Writes `planes`, which lie one after the other, to `output`.
    /// - Returns: bytes written, or `nil` when `output` is too small for them.
    static func encode(
        _ planes: UnsafeRawBufferPointer, entropy: Entropy, workspace: CodecWorkspace,
        into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let count = planes.count / 4
        guard output.count >= headSize else { return nil }
        var written = headSize
        for index in 0..<4 {
            let plane = UnsafeRawBufferPointer(rebasing: planes[(index * count)..<((index + 1) * count)])
            let room = UnsafeMutableRawBufferPointer(rebasing: output[written...])
            let (coding, size) = encode(plane: plane, entropy: entropy, workspace: workspace, into: room)
            switch coding {
            case .stored:
                guard room.count >= count else { return nil }
                room.copyMemory(from: plane)
            case .constant:
                guard room.count >= 1 else { return nil }
                room[0] = plane[0]
            case .lz4, .zstd: break
            }
            let word = UInt32(coding.rawValue) << 24 | UInt32(size)
            output.storeBytes(of: word.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
            written += size
        }
        return written
    }

    /// How a plane is best written; when it compresses, `room` holds it already.
    private static func encode(
        plane: UnsafeRawBufferPointer, entropy: Entropy, workspace: CodecWorkspace,
        into room: UnsafeMutableRawBufferPointer
    ) -> (Coding, Int) {
        if plane.isConstant { return plane.isEmpty ? (.stored, 0) : (.constant, 1) }
        // What saves less than 1/32 of the plane is not worth the time to unpack it.
        let limit = min(room.count, plane.count - plane.count / 32)
        let target = UnsafeMutableRawBufferPointer(rebasing: room[..<limit])
        let sample = PlaneSample(plane)
        guard sample.hasMatches || sample.hasSymbols else { return (.stored, plane.count) }
        // The library that gains more by frequencies takes several times as long as the other.
        if entropy == .zstd,
            sample.bySymbols < sample.byMatches - sample.size / 16 || sample.byMatches < sample.size / 4
        {
            let effort: CodecWorkspace.Effort = sample.favoursSymbols ? .symbols : .fast
            if let size = workspace.zstd(effort, plane, into: target) { return (.zstd, size) }
        } else if sample.hasMatches || sample.bySymbols < sample.size / 4 * 3 {
            // Where there is little to find, it is looked for in fewer places.
            let acceleration: Int32 = sample.byMatches > sample.size / 8 * 7 ? 24 : 1
            if let size = LZ4Block.compress(plane, acceleration: acceleration, into: target) { return (.lz4, size) }
        }
        return (.stored, plane.count)
    }

    /// Finds the planes of `words` words at the start of `block`, unpacking those that need it, and lends them to `body`.
    /// - Returns: bytes of `block` that they took.
    /// - Throws: `corrupt-shard` when a plane is not exactly as long as it must be, or is written in a way that `entropy` does
    ///   not allow.
    static func decode(
        _ block: UnsafeRawBufferPointer, words: Int, entropy: Entropy, workspace: CodecWorkspace,
        _ body: (Planes) -> Void
    ) throws(DataSyncError) -> Int {
        guard let start = block.baseAddress, block.count >= headSize, words > 0, words <= maximumWords else {
            throw DataSyncError(.corruptShard, "a block of \(words) words in \(block.count) bytes")
        }
        let scratch = workspace.planes(words: words)
        var planes = Planes(first: scratch, second: scratch, third: scratch, fourth: scratch)
        var offset = headSize
        for index in 0..<4 {
            let word = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
            let size = Int(word & 0xff_ffff)
            guard let coding = Coding(rawValue: UInt8(word >> 24)), size <= block.count - offset else {
                throw DataSyncError(
                    .corruptShard, "plane \(index) of a block is written in an unknown way or cut short")
            }
            let packed = UnsafeRawBufferPointer(rebasing: block[offset..<(offset + size)])
            let room = UnsafeMutableRawBufferPointer(start: scratch + index * words, count: words)
            offset += size
            switch coding {
            case .stored where size == words:
                planes[index] = (start + offset - size).assumingMemoryBound(to: UInt8.self)
                continue
            case .constant where size == 1: room.initializeMemory(as: UInt8.self, repeating: packed[0])
            case .lz4: try LZ4Block.decompress(packed, into: room)
            case .zstd where entropy == .zstd: try workspace.unpackZstd(packed, into: room)
            default:
                throw DataSyncError(.corruptShard, "plane \(index) of a block has \(size) bytes, which is not its size")
            }
            planes[index] = UnsafePointer(scratch + index * words)
        }
        body(planes)
        return offset
    }
}
