extension Kernels {
    /// destination ← destination + weight · source, with `source` little-endian float32 at any alignment.
    ///
    /// Streams each buffer once. Each call rounds every element twice (product and sum); after k calls the error is at most
    /// about (k + 1) · 2⁻²⁴ · Σ|weight · source|, and the result depends on the order of the calls.
    public static func accumulate(
        into destination: UnsafeMutableBufferPointer<Float>, from source: UnsafeRawBufferPointer, weight: Float
    ) {
        precondition(
            source.count == destination.count * 4,
            "\(source.count) bytes cannot be added to \(destination.count) values")
        guard let to = UnsafeMutableRawPointer(destination.baseAddress), let from = source.baseAddress else { return }
        let count = destination.count
        var i = 0
        while i + 64 <= count {
            store(load(to, i) + load(from, i) * weight, to, i)
            store(load(to, i + 16) + load(from, i + 16) * weight, to, i + 16)
            store(load(to, i + 32) + load(from, i + 32) * weight, to, i + 32)
            store(load(to, i + 48) + load(from, i + 48) * weight, to, i + 48)
            i += 64
        }
        while i < count {
            destination[i] += loadOne(from, i) * weight
            i += 1
        }
    }

    /// As `accumulate(into:from:weight:)` on bytes, for values.
    public static func accumulate(
        into destination: UnsafeMutableBufferPointer<Float>, from source: UnsafeBufferPointer<Float>, weight: Float
    ) {
        accumulate(into: destination, from: UnsafeRawBufferPointer(source), weight: weight)
    }

    /// destination ← Σ weights[k] · sources[k], with sources little-endian float32 at any alignment.
    ///
    /// Reads each source once and writes the destination once for every eight sources. Terms are added in the order of
    /// `sources`, so the result does not depend on when they arrived; it has the same bits as zeroing the destination and
    /// calling `accumulate(into:from:weight:)` for each source in order. A destination without sources becomes zero.
    ///
    /// NaN and infinity stay: when the weights are not zero, a source that is not finite leaves a result that is not, so one
    /// look at the result (`isFinite`) tells whether any source is bad.
    public static func weightedSum(
        into destination: UnsafeMutableBufferPointer<Float>, sources: [UnsafeRawBufferPointer], weights: [Float]
    ) {
        add(sources, weights, to: destination, replacing: true)
    }

    /// destination ← destination + Σ weights[k] · sources[k]; otherwise as `weightedSum(into:sources:weights:)`, which it
    /// continues when the sources come in groups.
    public static func accumulate(
        into destination: UnsafeMutableBufferPointer<Float>, sources: [UnsafeRawBufferPointer], weights: [Float]
    ) {
        add(sources, weights, to: destination, replacing: false)
    }

    private static func add(
        _ sources: [UnsafeRawBufferPointer], _ weights: [Float], to destination: UnsafeMutableBufferPointer<Float>,
        replacing: Bool
    ) {
        precondition(sources.count == weights.count, "\(sources.count) sources, but \(weights.count) weights")
        for source in sources {
            precondition(
                source.count == destination.count * 4,
                "\(source.count) bytes cannot be added to \(destination.count) values")
        }
        guard let to = UnsafeMutableRawPointer(destination.baseAddress) else { return }
        if sources.isEmpty, replacing { destination.update(repeating: 0) }
        var start = 0
        while start < destination.count {
            let end = min(destination.count, start + aggregationBlock)
            var next = 0
            while next < sources.count {
                next += addGroup(to, start..<end, sources, weights, from: next, isFirst: replacing && next == 0)
            }
            start = end
        }
    }

    /// Elements of the destination that stay in the cache while all sources are added to them: 64 KiB.
    private static let aggregationBlock = 16_384

    /// Adds eight sources, or the four, two or one that are left, to the elements in `range`, which are written once, and
    /// read once unless these sources are the first. Returns how many sources.
    @inline(__always)
    private static func addGroup(
        _ to: UnsafeMutableRawPointer, _ range: Range<Int>, _ sources: [UnsafeRawBufferPointer], _ weights: [Float],
        from first: Int, isFirst: Bool
    ) -> Int {
        func source(_ k: Int) -> UnsafeRawPointer { sources[first + k].baseAddress ?? UnsafeRawPointer(to) }
        func weight(_ k: Int) -> Float { weights[first + k] }
        switch sources.count - first {
        case 8...:
            let (s0, s1, s2, s3) = (source(0), source(1), source(2), source(3))
            let (s4, s5, s6, s7) = (source(4), source(5), source(6), source(7))
            let (w0, w1, w2, w3) = (weight(0), weight(1), weight(2), weight(3))
            let (w4, w5, w6, w7) = (weight(4), weight(5), weight(6), weight(7))
            add(to, range, isFirst: isFirst) { sum, i in
                sum += load(s0, i) * w0
                sum += load(s1, i) * w1
                sum += load(s2, i) * w2
                sum += load(s3, i) * w3
                sum += load(s4, i) * w4
                sum += load(s5, i) * w5
                sum += load(s6, i) * w6
                sum += load(s7, i) * w7
            } one: { sum, i in
                sum += loadOne(s0, i) * w0
                sum += loadOne(s1, i) * w1
                sum += loadOne(s2, i) * w2
                sum += loadOne(s3, i) * w3
                sum += loadOne(s4, i) * w4
                sum += loadOne(s5, i) * w5
                sum += loadOne(s6, i) * w6
                sum += loadOne(s7, i) * w7
            }
            return 8
        case 4...:
            let (s0, s1, s2, s3) = (source(0), source(1), source(2), source(3))
            let (w0, w1, w2, w3) = (weight(0), weight(1), weight(2), weight(3))
            add(to, range, isFirst: isFirst) { sum, i in
                sum += load(s0, i) * w0
                sum += load(s1, i) * w1
                sum += load(s2, i) * w2
                sum += load(s3, i) * w3
            } one: { sum, i in
                sum += loadOne(s0, i) * w0
                sum += loadOne(s1, i) * w1
                sum += loadOne(s2, i) * w2
                sum += loadOne(s3, i) * w3
            }
            return 4
        case 2...:
            let (s0, s1, w0, w1) = (source(0), source(1), weight(0), weight(1))
            add(to, range, isFirst: isFirst) { sum, i in
                sum += load(s0, i) * w0
                sum += load(s1, i) * w1
            } one: { sum, i in
                sum += loadOne(s0, i) * w0
                sum += loadOne(s1, i) * w1
            }
            return 2
        default:
            let (s0, w0) = (source(0), weight(0))
            add(to, range, isFirst: isFirst) { sum, i in
                sum += load(s0, i) * w0
            } one: { sum, i in
                sum += loadOne(s0, i) * w0
            }
            return 1
        }
    }

    /// Applies `sixteen` to every full vector of the elements in `range` and `one` to each that is left; they start at zero
    /// when `isFirst`.
    @inline(__always)
    private static func add(
        _ to: UnsafeMutableRawPointer, _ range: Range<Int>, isFirst: Bool,
        _ sixteen: (inout SIMD16<Float>, Int) -> Void, one: (inout Float, Int) -> Void
    ) {
        var i = range.lowerBound
        if isFirst {
            while i + 16 <= range.upperBound {
                var sum = SIMD16<Float>.zero
                sixteen(&sum, i)
                store(sum, to, i)
                i += 16
            }
        } else {
            while i + 16 <= range.upperBound {
                var sum = load(to, i)
                sixteen(&sum, i)
                store(sum, to, i)
                i += 16
            }
        }
        while i < range.upperBound {
            var sum = isFirst ? 0 : loadOne(to, i)
            one(&sum, i)
            to.storeBytes(of: sum, toByteOffset: i * 4, as: Float.self)
            i += 1
        }
    }
}
