import COneDNN

/// One computation that oneDNN has chosen, or compiled, for given shapes and layouts.
final class Primitive {
    private let library: OneDNN
    let description: dnnl_primitive_desc_t
    private let handle: dnnl_primitive_t

    /// - Parameters:
    ///   - what: how an error names it.
    ///   - operation: one of oneDNN's operation descriptors.
    ///   - forward: for a backward pass, the forward one it belongs to.
    init(
        _ library: OneDNN, _ what: String, _ operation: UnsafeRawPointer, forward: Primitive? = nil
    ) throws(NetworkError) {
        var description: dnnl_primitive_desc_t?
        try library.check(
            library.functions.primitive_desc_create(
                &description, operation, nil, library.engine, forward?.description), what)
        guard let description else { throw NetworkError(.unavailable, "oneDNN knows no \(what)") }
        (self.library, self.description) = (library, description)
        handle = try Self.make(library, description, what)
    }

    /// A copy from one layout to another.
    init(_ library: OneDNN, reorder from: dnnl_memory_desc_t, to: dnnl_memory_desc_t) throws(NetworkError) {
        var description: dnnl_primitive_desc_t?
        var (from, to) = (from, to)
        try library.check(
            library.functions.reorder_primitive_desc_create(
                &description, &from, library.engine, &to, library.engine, nil), "a change of layout")
        guard let description else { throw NetworkError(.unavailable, "oneDNN knows no such change of layout") }
        (self.library, self.description) = (library, description)
        handle = try Self.make(library, description, "a change of layout")
    }

    private static func make(
        _ library: OneDNN, _ description: dnnl_primitive_desc_t, _ what: String
    ) throws(NetworkError) -> dnnl_primitive_t {
        var handle: dnnl_primitive_t?
        do {
            try library.check(library.functions.primitive_create(&handle, description), what)
        } catch {
            _ = library.functions.primitive_desc_destroy(description)
            throw error
        }
        guard let handle else { throw NetworkError(.unavailable, "oneDNN made no \(what)") }
        return handle
    }

    deinit {
        _ = library.functions.primitive_destroy(handle)
        _ = library.functions.primitive_desc_destroy(description)
    }

    /// The layout the primitive wants for one of its operands.
    func layout(_ what: dnnl_query_t) -> dnnl_memory_desc_t {
        library.functions.primitive_desc_query_md(description, what, 0)?.pointee ?? dnnl_memory_desc_t()
    }

    func execute(on stream: dnnl_stream_t, _ arguments: [dnnl_exec_arg_t]) throws(NetworkError) {
        try library.check(
            library.functions.primitive_execute(handle, stream, Int32(arguments.count), arguments), "a computation")
    }
}
