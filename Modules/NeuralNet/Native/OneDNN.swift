import COneDNN
import Synchronization
import Tensor

/// The process's oneDNN, opened when it is first needed; until then it costs neither memory nor threads.
///
/// One thread computes, so that the same work has the same bits on the same kind of processor.
struct OneDNN: @unchecked Sendable {
    // @unchecked: written once under the lock and only read afterwards; an engine may be used by any thread.

    let functions: gedge_onednn
    let engine: dnnl_engine_t

    private static let opened = Mutex<Result<OneDNN, NetworkError>?>(nil)

    /// - Throws: `NetworkError.Kind.unavailable` when it is not installed.
    static func shared() throws(NetworkError) -> OneDNN {
        let result = opened.withLock { opened in
            if let opened { return opened }
            let fresh = open()
            opened = fresh
            return fresh
        }
        return try result.get()
    }

    private static func open() -> Result<OneDNN, NetworkError> {
        var functions = gedge_onednn()
        guard gedge_onednn_load(&functions) == 0 else {
            let reason = dlerror().map { String(cString: $0) } ?? "no reason was given"
            return .failure(
                NetworkError(
                    .unavailable,
                    "oneDNN cannot be loaded (\(reason)); install it, on Debian with: apt-get install libdnnl2"))
        }
        functions.omp_set_num_threads(1)
        var engine: dnnl_engine_t?
        guard functions.engine_create(&engine, dnnl_cpu, 0) == dnnl_success, let engine else {
            return .failure(NetworkError(.unavailable, "oneDNN has no engine for this processor"))
        }
        return .success(OneDNN(functions: functions, engine: engine))
    }

    /// Work that the calling thread begins stays on it.
    func useOneThread() { functions.omp_set_num_threads(1) }

    /// - Throws: `NetworkError.Kind.unavailable` unless a call succeeded.
    func check(_ status: dnnl_status_t, _ what: String) throws(NetworkError) {
        guard status == dnnl_success else {
            throw NetworkError(
                .unavailable,
                "oneDNN cannot do \(what) (status \(status.rawValue)); out of memory, or a shape that it does not know")
        }
    }

    func stream() throws(NetworkError) -> dnnl_stream_t {
        var stream: dnnl_stream_t?
        try check(functions.stream_create(&stream, engine, dnnl_stream_default_flags.rawValue), "a stream")
        guard let stream else { throw NetworkError(.unavailable, "oneDNN has no stream") }
        return stream
    }

    /// Whether two descriptors are of the same shape in the same layout.
    func areEqual(_ left: dnnl_memory_desc_t, _ right: dnnl_memory_desc_t) -> Bool {
        var (left, right) = (left, right)
        return functions.memory_desc_equal(&left, &right) != 0
    }

    /// A float32 descriptor: row-major, or of whatever layout the primitive it goes to likes best.
    func descriptor(_ shape: [Int], isOpen: Bool = false) -> dnnl_memory_desc_t {
        var descriptor = dnnl_memory_desc_t()
        let plain = [dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde]
        var dims = shape.map { dnnl_dim_t($0) }
        // It cannot fail: one to five positive extents.
        _ = functions.memory_desc_init_by_tag(
            &descriptor, Int32(shape.count), &dims, dnnl_f32, isOpen ? dnnl_format_tag_any : plain[shape.count - 1])
        return descriptor
    }
}
