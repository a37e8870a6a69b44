import COpenBLAS
import Synchronization

/// The process's OpenBLAS, opened when it is first needed.
///
/// Until then it costs neither memory nor threads. With one thread (the default) a product has the same bits whenever it
/// is computed on the same kind of processor; OpenBLAS picks its kernels by processor, so two kinds may differ in the
/// last digits.
public struct BLAS: Sendable {
    private let library: gedge_openblas

    private struct State {
        var threads = 1
        var opened: Result<BLAS, TensorError>?
    }

    private static let state = Mutex(State())

    /// Sets how many threads a matrix product may use in this process; 1 unless this is called.
    ///
    /// Call it at start-up, before the first product.
    /// - Parameter threads: at least 1; more than the machine has CPUs is no error and no use.
    public static func configure(threads: Int) {
        precondition(threads >= 1, "a matrix product needs a thread, not \(threads)")
        state.withLock { state in
            state.threads = threads
            if case .success(let blas) = state.opened { blas.library.set_num_threads(Int32(clamping: threads)) }
        }
    }

    /// OpenBLAS, opened on the first call (a few milliseconds).
    /// - Throws: `TensorError.Kind.unavailable` when it is not installed.
    public static func shared() throws(TensorError) -> BLAS {
        let result = state.withLock { state in
            if let opened = state.opened { return opened }
            let opened = open(threads: state.threads)
            state.opened = opened
            return opened
        }
        return try result.get()
    }

    private static func open(threads: Int) -> Result<BLAS, TensorError> {
        // Read by OpenBLAS while it loads: a pool of threads that is never used would cost memory.
        gedge_environment_default("OPENBLAS_NUM_THREADS", "OPENBLAS_NUM_THREADS=1")
        if gedge_cpu_is_unknown_avx512() != 0 {
            gedge_environment_default("OPENBLAS_CORETYPE", "OPENBLAS_CORETYPE=SkylakeX")
        }
        var library = gedge_openblas()
        guard gedge_openblas_load(&library) == 0 else {
            let reason = dlerror().map { String(cString: $0) } ?? "no reason was given"
            return .failure(
                TensorError(
                    .unavailable,
                    "OpenBLAS cannot be loaded (\(reason)); install it, on Debian with: apt-get install libopenblas0"))
        }
        library.set_num_threads(Int32(clamping: threads))
        return .success(BLAS(library: library))
    }

    /// The family of kernels OpenBLAS chose for this processor, such as `Haswell`.
    public var coreName: String { library.get_corename().map { String(cString: $0) } ?? "unknown" }

    /// Which operands of a product are transposed first.
    public struct Operands: OptionSet, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let left = Operands(rawValue: 1)
        public static let right = Operands(rawValue: 2)
    }

    /// c ← alpha · op(a) · op(b) + beta · c for row-major matrices without padding, where op transposes the operands named
    /// by `transposing`; op(a) is `m` × `k`, op(b) is `k` × `n` and c is `m` × `n`.
    /// - Precondition: each pointer has room for its matrix, and c overlaps neither a nor b.
    public func multiply(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>,
        m: Int, n: Int, k: Int, transposing: Operands = [], alpha: Float = 1, beta: Float = 0
    ) {
        guard m > 0, n > 0 else { return }
        precondition(max(m, n, k) <= Int32.max, "an extent of \(max(m, n, k)) exceeds what OpenBLAS can index")
        let left = transposing.contains(.left)
        let right = transposing.contains(.right)
        library.sgemm(
            CblasRowMajor, left ? CblasTrans : CblasNoTrans, right ? CblasTrans : CblasNoTrans, Int32(m), Int32(n),
            Int32(k), alpha, a, Int32(max(1, left ? m : k)), b, Int32(max(1, right ? k : n)), beta, c, Int32(n))
    }
}
