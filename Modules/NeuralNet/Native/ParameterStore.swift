import COneDNN
import Tensor

/// A network's parameters while it is computed: each in the layout that the first plan likes best, with its gradient.
final class ParameterStore {
    let library: OneDNN
    let graph: Graph
    /// Row-major, as they were given, until a plan places them.
    private let tensors: [Tensor]
    private var blocks: [Block?]
    private var gradients: [Block?]
    private let frozen: Set<Int>

    init(_ library: OneDNN, _ graph: Graph, _ tensors: [Tensor], frozen: Set<Int>) {
        self.frozen = frozen
        self.library = library
        self.graph = graph
        self.tensors = tensors
        blocks = Array(repeating: nil, count: tensors.count)
        gradients = Array(repeating: nil, count: tensors.count)
    }

    /// The parameter, which lies in `layout` from then on unless another plan has placed it.
    /// - Parameter plain: the row-major descriptor of the parameter as its operation sees it.
    func place(
        _ index: Int, plain: dnnl_memory_desc_t, layout: dnnl_memory_desc_t, on stream: dnnl_stream_t
    ) throws(NetworkError) -> Block {
        if let block = blocks[index] { return block }
        let block = try Block(library, layout)
        let source = try Block(library, plain)
        tensors[index].withUnsafeBufferPointer { _ = source.values.update(fromContentsOf: $0) }
        try copy(source, to: block, on: stream)
        blocks[index] = block
        plains[index] = plain
        return block
    }

    private var plains: [Int: dnnl_memory_desc_t] = [:]

    /// `tensor`, of the shape of a parameter, in the layout that the parameter has; `nil` when no plan has placed that.
    func arranged(_ tensor: Tensor, like index: Int, on stream: dnnl_stream_t) throws(NetworkError) -> Block? {
        guard let placed = blocks[index], let plain = plains[index] else { return nil }
        let (source, block) = (try Block(library, plain), try Block(library, placed.descriptor))
        tensor.withUnsafeBufferPointer { _ = source.values.update(fromContentsOf: $0) }
        try copy(source, to: block, on: stream)
        return block
    }

    /// The gradient of a placed parameter, in the parameter's layout.
    func gradient(_ index: Int, of block: Block) throws(NetworkError) -> Block {
        if let gradient = gradients[index] { return gradient }
        let gradient = try Block(library, block.descriptor)
        gradients[index] = gradient
        return gradient
    }

    /// Whether gradient descent changes a parameter.
    func isLearned(_ index: Int) -> Bool { graph.parameters[index].isLearned && !frozen.contains(index) }

    /// Whether a parameter stays as it is.
    func isFrozen(_ index: Int) -> Bool { frozen.contains(index) }

    /// Calls `body` with each learned parameter and its gradient.
    func forEachLearned(_ body: (Int, Block, Block) -> Void) {
        for index in graph.parameters.indices where isLearned(index) {
            if let block = blocks[index], let gradient = gradients[index] { body(index, block, gradient) }
        }
    }

    /// How many values each learned parameter has in its layout; 0 for the others.
    var counts: [Int] { blocks.enumerated().map { isLearned($0) ? $1?.count ?? 0 : 0 } }

    /// All parameters, row-major.
    func read(on stream: dnnl_stream_t) throws -> [Tensor] { try read(blocks, else: tensors, on: stream) }

    /// All gradients, row-major; zeros for what is not learned.
    func readGradients(on stream: dnnl_stream_t) throws -> [Tensor] {
        try read(gradients, else: tensors.map { try Tensor(zeros: $0.shape) }, on: stream)
    }

    private func read(_ blocks: [Block?], else old: [Tensor], on stream: dnnl_stream_t) throws -> [Tensor] {
        try blocks.enumerated().map { index, block in
            guard let block, let plain = plains[index] else { return old[index] }
            let target = try Block(library, plain)
            try copy(block, to: target, on: stream)
            return try Tensor(uninitialized: old[index].shape) { _ = $0.update(fromContentsOf: target.values) }
        }
    }

    private func copy(_ source: Block, to target: Block, on stream: dnnl_stream_t) throws(NetworkError) {
        let reorder = try Primitive(library, reorder: source.descriptor, to: target.descriptor)
        try reorder.execute(
            on: stream,
            [
                dnnl_exec_arg_t(arg: DNNL_ARG_SRC_0, memory: source.handle),
                dnnl_exec_arg_t(arg: DNNL_ARG_DST_0, memory: target.handle),
            ])
    }
}
