import Contracts

/// Writes what an update changes, tensor by tensor, in fewer bytes than float32 takes.
///
/// What is sent of a tensor of n values is
/// - `fp16`, `bfloat16`: n halves, rounded to the nearest, ties to even;
/// - `int8`: a float32 scale for each block of 256 values, then n bytes: value ≈ scale · byte, the largest of a block being ±127
///   (symmetric quantisation; with error feedback, Seide et al. 2014, Karimireddy et al. 2019);
/// - `top-k`: k ascending UInt32 indices, then k float32 values: the changes of largest magnitude (Stich et al. 2018).
///
/// All little-endian, padded with zeros to whole float32, as which they are stored and moved.
struct UpdateCodec: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case half
        case brain
        case byte
        case sparse(fraction: Double)
    }

    /// Values with a scale of their own.
    static let block = 256

    let kind: Kind

    /// - Returns: `nil` where updates are sent whole; so they are under `auto` until it is decided.
    init?(_ spec: CompressionSpec?) {
        switch spec?.kind {
        case nil, .some(.none), .auto: return nil
        case .fp16: kind = .half
        case .bfloat16: kind = .brain
        case .int8: kind = .byte
        case .topK: kind = .sparse(fraction: spec?.fraction ?? Self.standardFraction)
        }
    }

    static let standardFraction = 0.01

    /// Whether what was not sent is added to the next round's update.
    var keepsResidual: Bool {
        switch kind {
        case .half, .brain: false
        case .byte, .sparse: true
        }
    }

    /// Values that `sparse` sends of a tensor.
    private static func kept(of count: Int, _ fraction: Double) -> Int {
        min(count, max(1, Int((Double(count) * fraction).rounded(.up))))
    }

    private static func blocks(of count: Int) -> Int { (count + block - 1) / block }

    /// Bytes of a tensor of `count` values, without padding.
    private func bytes(of count: Int) -> Int {
        switch kind {
        case .half, .brain: 2 * count
        case .byte: 4 * Self.blocks(of: count) + count
        case .sparse(let fraction): 8 * Self.kept(of: count, fraction)
        }
    }

    /// What a tensor is encoded.
    func encoded(_ tensor: TensorSpec) -> TensorSpec {
        TensorSpec(name: tensor.name, shape: [(bytes(of: tensor.shape.reduce(1, *)) + 3) / 4])
    }

    // MARK: - Encoding

    /// The bytes of one tensor's changes, padded.
    func encode(_ changes: UnsafeBufferPointer<Float>) -> [UInt8] {
        let count = changes.count
        var bytes = [UInt8](repeating: 0, count: (bytes(of: count) + 3) / 4 * 4)
        bytes.withUnsafeMutableBytes { target in
            switch kind {
            case .half:
                for index in 0..<count {
                    target.storeBytes(
                        of: Float16(changes[index]).bitPattern.littleEndian, toByteOffset: 2 * index, as: UInt16.self)
                }
            case .brain:
                for index in 0..<count {
                    target.storeBytes(
                        of: Self.brain(changes[index]).littleEndian, toByteOffset: 2 * index, as: UInt16.self)
                }
            case .byte: Self.quantise(changes, into: target)
            case .sparse(let fraction):
                let largest = Self.largest(Self.kept(of: count, fraction), of: changes)
                for (place, index) in largest.enumerated() {
                    target.storeBytes(of: UInt32(index).littleEndian, toByteOffset: 4 * place, as: UInt32.self)
                    target.storeBytes(
                        of: changes[index].bitPattern.littleEndian, toByteOffset: 4 * (largest.count + place),
                        as: UInt32.self)
                }
            }
        }
        return bytes
    }

    /// The upper half of a float, rounded to the nearest, ties to even.
    private static func brain(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        if value.isNaN { return UInt16(bits >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
    }

    private static func quantise(_ changes: UnsafeBufferPointer<Float>, into target: UnsafeMutableRawBufferPointer) {
        let values = 4 * blocks(of: changes.count)
        for block in 0..<blocks(of: changes.count) {
            let range = block * Self.block..<min(changes.count, (block + 1) * Self.block)
            var largest: Float = 0
            for index in range { largest = max(largest, abs(changes[index])) }
            let scale = largest / 127
            target.storeBytes(of: scale.bitPattern.littleEndian, toByteOffset: 4 * block, as: UInt32.self)
            // So small that nothing of it can be told: left to the residual.
            guard scale > 0, scale.isFinite else { continue }
            for index in range {
                let step = (changes[index] / scale).rounded(.toNearestOrEven)
                target[values + index] = UInt8(bitPattern: Int8(max(-127, min(127, step))))
            }
        }
    }

    /// The indices of the `count` values of largest magnitude, ascending; of equal ones the first.
    private static func largest(_ count: Int, of values: UnsafeBufferPointer<Float>) -> [Int] {
        // The magnitudes' bit patterns are ordered as the magnitudes are: the least one that is sent is found half by half.
        var (upper, lower) = ([Int](repeating: 0, count: 1 << 16), [Int](repeating: 0, count: 1 << 16))
        for value in values { upper[Int(value.magnitude.bitPattern >> 16)] += 1 }
        var left = count
        let high = last(of: upper, &left)
        for value in values where Int(value.magnitude.bitPattern >> 16) == high {
            lower[Int(value.magnitude.bitPattern & 0xffff)] += 1
        }
        let bound = UInt32(high << 16 | last(of: lower, &left))
        var chosen: [Int] = []
        chosen.reserveCapacity(count)
        for (index, value) in values.enumerated() {
            let bits = value.magnitude.bitPattern
            if bits > bound {
                chosen.append(index)
            } else if bits == bound, left > 0 {
                left -= 1
                chosen.append(index)
            }
        }
        return chosen
    }

    /// The bin in which the `left`th value from above lies; `left` becomes its place there.
    private static func last(of bins: [Int], _ left: inout Int) -> Int {
        for bin in bins.indices.reversed() {
            if bins[bin] >= left { return bin }
            left -= bins[bin]
        }
        return 0
    }

    // MARK: - Decoding

    /// Which of a tensor's encoded bytes are needed for the values in `range`.
    func pieces(for range: Range<Int>, of count: Int) -> [Range<Int>] {
        switch kind {
        case .half, .brain: return [2 * range.lowerBound..<2 * range.upperBound]
        case .byte:
            let scales = range.lowerBound / Self.block * 4..<Self.blocks(of: range.upperBound) * 4
            let start = 4 * Self.blocks(of: count)
            return [scales, start + range.lowerBound..<start + range.upperBound]
        case .sparse(let fraction):
            let kept = Self.kept(of: count, fraction)
            return [0..<4 * kept, 4 * kept..<8 * kept]
        }
    }

    /// Adds the changes in `range` to what the values were.
    /// - Parameter pieces: the bytes of `pieces(for:of:)`.
    func add(_ pieces: [[UInt8]], for range: Range<Int>, to values: UnsafeMutableBufferPointer<Float>) {
        func word<Word: FixedWidthInteger>(_ piece: Int, _ place: Int, _: Word.Type) -> Word {
            pieces[piece].withUnsafeBytes {
                Word(littleEndian: $0.loadUnaligned(fromByteOffset: place * MemoryLayout<Word>.size, as: Word.self))
            }
        }
        switch kind {
        case .half:
            for place in 0..<range.count { values[place] += Float(Float16(bitPattern: word(0, place, UInt16.self))) }
        case .brain:
            for place in 0..<range.count {
                values[place] += Float(bitPattern: UInt32(word(0, place, UInt16.self)) << 16)
            }
        case .byte:
            let first = range.lowerBound / Self.block
            for place in 0..<range.count {
                let scale = Float(bitPattern: word(0, (range.lowerBound + place) / Self.block - first, UInt32.self))
                values[place] += scale * Float(Int8(bitPattern: pieces[1][place]))
            }
        case .sparse:
            // The first index within the range; they ascend.
            var (low, high) = (0, pieces[0].count / 4)
            let count = high
            while low < high {
                let middle = (low + high) / 2
                if Int(word(0, middle, UInt32.self)) < range.lowerBound { low = middle + 1 } else { high = middle }
            }
            while low < count, case let index = Int(word(0, low, UInt32.self)), range.contains(index) {
                values[index - range.lowerBound] += Float(bitPattern: word(1, low, UInt32.self))
                low += 1
            }
        }
    }

    /// Which of a tensor's encoded bytes say whether it was encoded as it must be.
    func evidence(of count: Int) -> Range<Int>? {
        switch kind {
        case .half, .brain: nil
        case .byte: 0..<4 * Self.blocks(of: count)
        case .sparse(let fraction): 0..<4 * Self.kept(of: count, fraction)
        }
    }

    /// What is wrong with a tensor of `count` values, in words.
    func fault(in evidence: [UInt8], of count: Int) -> String? {
        let words = evidence.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
            }
        }
        switch kind {
        case .half, .brain: return nil
        case .byte:
            return words.lazy.map { Float(bitPattern: $0) }.first { !$0.isFinite || $0 < 0 }.map { "a scale is \($0)" }
        case .sparse:
            if let index = words.first(where: { $0 >= UInt32(clamping: count) }) {
                return "it names value \(index) of \(count)"
            }
            return zip(words, words.dropFirst()).allSatisfy { $0 < $1 } ? nil : "its indices do not ascend"
        }
    }
}
