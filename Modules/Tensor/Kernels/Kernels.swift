/// Loops over contiguous float32 memory: the level below `Tensor`, for callers that own buffers of their own.
///
/// Every kernel does its arithmetic in an order that depends on the number of elements alone: not on alignment, and not
/// on the machine, so the same input gives the same bits everywhere (no fused multiply-add, also where `CKernels` takes wider
/// registers).
/// Buffers passed to one call have the same length and do not overlap unless a kernel says otherwise; a violated length
/// is a programmer's error and traps.
public enum Kernels {
    /// Elements between two folds of a reduction's vector accumulators into its float64 total.
    static let reductionBlock = 4096
}

/// Sixteen values read from memory at any alignment.
@inline(__always)
func load(_ base: UnsafeRawPointer, _ element: Int) -> SIMD16<Float> {
    base.loadUnaligned(fromByteOffset: element * 4, as: SIMD16<Float>.self)
}

/// One value read from memory at any alignment.
@inline(__always)
func loadOne(_ base: UnsafeRawPointer, _ element: Int) -> Float {
    base.loadUnaligned(fromByteOffset: element * 4, as: Float.self)
}

/// Writes sixteen values to memory at any alignment.
@inline(__always)
func store(_ values: SIMD16<Float>, _ base: UnsafeMutableRawPointer, _ element: Int) {
    base.storeBytes(of: values, toByteOffset: element * 4, as: SIMD16<Float>.self)
}
