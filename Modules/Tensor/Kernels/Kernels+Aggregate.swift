import CKernels

extension Kernels {
    /// destination ← destination + weight · source, with `source` little-endian float32 at any alignment.
    ///
    /// Streams each buffer once. Each call rounds every element twice (product and sum); after k calls the error is at most
    /// about (k + 1) · 2⁻²⁴ · Σ|weight · source|, and the result depends on the order of the calls.
    public static func accumulate(
        into destination: UnsafeMutableBufferPointer<Float>, from source: UnsafeRawBufferPointer, weight: Float
    ) {
        add([source], [weight], to: destination, replacing: false)
    }

    /// As `accumulate(into:from:weight:)` on bytes, for values.
    public static func accumulate(
        into destination: UnsafeMutableBufferPointer<Float>, from source: UnsafeBufferPointer<Float>, weight: Float
    ) {
        accumulate(into: destination, from: UnsafeRawBufferPointer(source), weight: weight)
    }

    /// destination ← Σ weights[k] · sources[k], with sources little-endian float32 at any alignment.
    ///
    /// Reads each source once and writes the destination once. Terms are added in the order of
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
        let addresses = sources.map { $0.baseAddress?.assumingMemoryBound(to: Float.self) }
        gedge_weighted_sum(
            destination.baseAddress, addresses, weights, sources.count, destination.count, replacing ? 1 : 0)
    }
}
