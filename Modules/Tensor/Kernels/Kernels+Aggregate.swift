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
    /// Reads each source once and writes the destination once. Terms are added in the order of `sources`, so the result
    /// does not depend on when they arrived; it has the same bits as zeroing the destination and calling
    /// `accumulate(into:from:weight:)` for each source in order. A destination without sources becomes zero.
    public static func weightedSum(
        into destination: UnsafeMutableBufferPointer<Float>, sources: [UnsafeRawBufferPointer], weights: [Float]
    ) {
        precondition(sources.count == weights.count, "\(sources.count) sources, but \(weights.count) weights")
        for source in sources {
            precondition(
                source.count == destination.count * 4,
                "\(source.count) bytes cannot be added to \(destination.count) values")
        }
        destination.update(repeating: 0)
        for (source, weight) in zip(sources, weights) {
            accumulate(into: destination, from: source, weight: weight)
        }
    }
}
