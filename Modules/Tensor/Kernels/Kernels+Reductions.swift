extension Kernels {
    /// The sum of all values: float32 within blocks of 4,096, float64 across them.
    ///
    /// The error is at most about 70 · 2⁻²⁴ · Σ|x|, however many values there are.
    public static func sum(_ values: UnsafeBufferPointer<Float>) -> Double {
        reduce(values) { lanes, x in lanes + x }
    }

    /// The sum of the squares of all values, with the error bound of `sum`.
    public static func sumOfSquares(_ values: UnsafeBufferPointer<Float>) -> Double {
        reduce(values) { lanes, x in lanes + x * x }
    }

    /// The inner product of two vectors of one length, with the error bound of `sum` over Σ|x·y|.
    public static func dot(_ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>) -> Double {
        precondition(left.count == right.count, "vectors of \(left.count) and \(right.count) values")
        guard let left = UnsafeRawPointer(left.baseAddress), let base = UnsafeRawPointer(right.baseAddress) else {
            return 0
        }
        return reduce(left, count: right.count, other: base) { lanes, x, y in lanes + x * y }
    }

    /// Whether no value is NaN or infinite. An empty buffer is finite.
    public static func isFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
        // x · 0 is 0 for a finite x and NaN otherwise, and NaN stays in the sum.
        reduce(values) { lanes, x in lanes + x * 0 } == 0
    }

    /// The largest value, or `-infinity` when there is none. NaN are passed over.
    public static func maximum(_ values: UnsafeBufferPointer<Float>) -> Float {
        var largest = -Float.infinity
        for value in values where value > largest { largest = value }
        return largest
    }

    /// The index of the first largest value, or `nil` when there is none. NaN are passed over.
    public static func indexOfMaximum(_ values: UnsafeBufferPointer<Float>) -> Int? {
        var index: Int?
        var largest = -Float.infinity
        for i in 0..<values.count where values[i] > largest || (index == nil && values[i] == largest) {
            largest = values[i]
            index = i
        }
        return index
    }

    @inline(__always)
    private static func reduce(
        _ values: UnsafeBufferPointer<Float>, _ step: (SIMD16<Float>, SIMD16<Float>) -> SIMD16<Float>
    ) -> Double {
        guard let base = UnsafeRawPointer(values.baseAddress) else { return 0 }
        return reduce(base, count: values.count, other: base) { lanes, x, _ in step(lanes, x) }
    }

    /// Four vectors of sums, so that additions of one do not wait for those of another; folded into float64 per block.
    @inline(__always)
    static func reduce(
        _ left: UnsafeRawPointer, count: Int, other right: UnsafeRawPointer,
        _ step: (SIMD16<Float>, SIMD16<Float>, SIMD16<Float>) -> SIMD16<Float>
    ) -> Double {
        var total = 0.0
        var start = 0
        while start < count {
            let end = min(count, start + reductionBlock)
            var a = SIMD16<Float>.zero
            var b = SIMD16<Float>.zero
            var c = SIMD16<Float>.zero
            var d = SIMD16<Float>.zero
            var i = start
            while i + 64 <= end {
                a = step(a, load(left, i), load(right, i))
                b = step(b, load(left, i + 16), load(right, i + 16))
                c = step(c, load(left, i + 32), load(right, i + 32))
                d = step(d, load(left, i + 48), load(right, i + 48))
                i += 64
            }
            while i + 16 <= end {
                a = step(a, load(left, i), load(right, i))
                i += 16
            }
            if i < end {
                var x = SIMD16<Float>.zero
                var y = SIMD16<Float>.zero
                for lane in 0..<(end - i) {
                    x[lane] = loadOne(left, i + lane)
                    y[lane] = loadOne(right, i + lane)
                }
                a = step(a, x, y)
            }
            total += fold((a + b) + (c + d))
            start = end
        }
        return total
    }

    @inline(__always)
    private static func fold(_ lanes: SIMD16<Float>) -> Double {
        let eight = SIMD8<Double>(lanes.lowHalf) + SIMD8<Double>(lanes.highHalf)
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }
}
