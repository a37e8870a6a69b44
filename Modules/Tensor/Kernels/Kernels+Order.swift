import CKernels

extension Kernels {
    /// destination[i] ← the mean of sources[0][i], …, sources[n-1][i] without the `trimming` smallest and as many largest.
    ///
    /// Sources are little-endian float32 at any alignment and hold no NaN. Sums are taken in float64, smallest first, so that
    /// the result does not depend on the order of the sources. O(n · log² n) comparisons for each value.
    /// - Precondition: `trimming` leaves at least one source.
    public static func trimmedMean(
        into destination: UnsafeMutableBufferPointer<Float>, sources: [UnsafeRawBufferPointer], trimming: Int
    ) {
        precondition(
            trimming >= 0 && 2 * trimming < sources.count, "nothing is left of \(sources.count) without 2 · \(trimming)"
        )
        withRows(destination, sources) { addresses, rows in
            gedge_sorted_mean(
                destination.baseAddress, addresses, sources.count, destination.count, trimming,
                sources.count - trimming, rows)
        }
    }

    /// destination[i] ← the median of sources[0][i], …, sources[n-1][i]; the mean of the two in the middle of an even number.
    /// Otherwise as `trimmedMean`.
    public static func median(
        into destination: UnsafeMutableBufferPointer<Float>, sources: [UnsafeRawBufferPointer]
    ) {
        trimmedMean(into: destination, sources: sources, trimming: (sources.count - 1) / 2)
    }

    /// destination[i] ← the mean of those `keeping` of sources[0][i], …, sources[n-1][i] that are nearest to their median; of
    /// two that are equally near, the smaller. Otherwise as `trimmedMean`.
    public static func meanNearMedian(
        into destination: UnsafeMutableBufferPointer<Float>, sources: [UnsafeRawBufferPointer], keeping: Int
    ) {
        precondition((1...max(1, sources.count)).contains(keeping), "\(keeping) of \(sources.count) cannot be kept")
        withRows(destination, sources) { addresses, rows in
            gedge_central_mean(
                destination.baseAddress, addresses, sources.count, destination.count, keeping, rows)
        }
    }

    /// The square of the Euclidean distance of two vectors of little-endian float32 at any alignment: float32 within blocks of
    /// 4,096, float64 across them.
    public static func squaredDistance(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Double {
        precondition(left.count == right.count, "vectors of \(left.count) and \(right.count) bytes")
        guard let a = left.baseAddress, let b = right.baseAddress else { return 0 }
        return reduce(a, count: left.count / 4, other: b) { lanes, x, y in
            let difference = x - y
            return lanes + difference * difference
        }
    }

    private static func withRows(
        _ destination: UnsafeMutableBufferPointer<Float>, _ sources: [UnsafeRawBufferPointer],
        _ body: ([UnsafePointer<Float>?], UnsafeMutablePointer<Float>?) -> Void
    ) {
        precondition(!sources.isEmpty, "there is nothing to sort")
        for source in sources {
            precondition(
                source.count == destination.count * 4,
                "\(source.count) bytes beside \(destination.count) values")
        }
        let addresses = sources.map { $0.baseAddress?.assumingMemoryBound(to: Float.self) }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: sources.count * Int(GEDGE_ORDER_LANES)) {
            body(addresses, $0.baseAddress)
        }
    }
}
