import COneDNN
import Core
import Tensor

/// Turns a graph into the steps of a plan: asks oneDNN for the best primitive of each operation, and puts changes of layout where
/// two of them disagree.
final class PlanBuilder {
    let library: OneDNN
    let store: ParameterStore
    let stream: dnnl_stream_t
    let rows: Int
    let isTraining: Bool
    let input: Block

    private(set) var forwardSteps: [Plan.Step] = []
    private(set) var backwardSteps: [Plan.Step] = []

    /// The block of each value, once it is computed.
    var values: [Block?]
    /// Makes each operation's backward steps, from the gradient of its output.
    private var backward: [(operation: Graph.Operation, build: (Block) throws(NetworkError) -> Void)] = []
    private var isBuildingBackward = false
    /// The gradients so far, by value.
    private var gradients: [Int: Block] = [:]
    private let readers: [Int]
    /// By value: whether something that is learned lies before it.
    private let isLearned: [Bool]
    private var arena = Arena()

    var graph: Graph { store.graph }

    init(_ store: ParameterStore, rows: Int, isTraining: Bool, on stream: dnnl_stream_t) throws(NetworkError) {
        self.store = store
        self.stream = stream
        self.rows = rows
        self.isTraining = isTraining
        library = store.library
        readers = store.graph.readers
        var isLearned = Array(repeating: false, count: store.graph.shapes.count)
        for operation in store.graph.operations {
            isLearned[operation.output] =
                operation.inputs.contains { isLearned[$0] } || operation.parameters.contains(where: store.isLearned)
        }
        self.isLearned = isLearned
        values = Array(repeating: nil, count: store.graph.shapes.count)
        input = try Block(library, library.descriptor([rows] + store.graph.shapes[0]))
        values[0] = input
        for operation in graph.operations { try add(operation) }
    }

    // MARK: - What operations are made of

    /// Appends a step to the pass that is being built.
    func append(_ step: @escaping Plan.Step) {
        if isBuildingBackward { backwardSteps.append(step) } else { forwardSteps.append(step) }
    }

    func append(_ primitive: Primitive, _ arguments: [(Int32, Block)]) {
        let stream = stream
        // The blocks are held, because oneDNN's arguments hold nothing.
        let blocks = arguments.map(\.1)
        let native = arguments.map { dnnl_exec_arg_t(arg: $0.0, memory: $0.1.handle) }
        append { (_) throws(NetworkError) in
            try withExtendedLifetime(blocks) { () throws(NetworkError) in try primitive.execute(on: stream, native) }
        }
    }

    /// `block`, or a copy of it in another layout.
    func arranged(_ block: Block, as layout: dnnl_memory_desc_t) throws(NetworkError) -> Block {
        if library.areEqual(block.descriptor, layout) { return block }
        let copy = try isBuildingBackward ? temporary(layout) : Block(library, layout)
        append(
            try Primitive(library, reorder: block.descriptor, to: layout),
            [(DNNL_ARG_SRC_0, block), (DNNL_ARG_DST_0, copy)])
        return copy
    }

    /// The value that goes into an operation, in the layout it wants.
    func value(_ index: Int, as layout: dnnl_memory_desc_t? = nil) throws(NetworkError) -> Block {
        guard let block = values[index] else { preconditionFailure("value \(index) is used before it is computed") }
        guard let layout else { return block }
        return try arranged(block, as: layout)
    }

    /// Whether `value` may be overwritten by the operation that reads it: nobody else does, nor does what computed it need it
    /// once more for its gradient, nor is its memory another value's too.
    func mayOverwrite(_ value: Int) -> Bool {
        guard readers[value] == 1, let maker = graph.operations.first(where: { $0.output == value }) else {
            return false
        }
        switch maker.kind {
        case .convolution, .dense, .batchNorm, .layerNorm, .pool, .add: return true
        case .relu, .relu6, .dropout, .reshape: return false
        }
    }

    func parameter(
        _ index: Int, plain: dnnl_memory_desc_t, layout: dnnl_memory_desc_t
    ) throws(NetworkError) -> Block {
        try store.place(index, plain: plain, layout: layout, on: stream)
    }

    /// A vector of parameters.
    func vector(_ index: Int) throws(NetworkError) -> Block {
        let plain = library.descriptor(graph.parameters[index].shape)
        return try parameter(index, plain: plain, layout: plain)
    }

    func onBackward(_ operation: Graph.Operation, _ build: @escaping (Block) throws(NetworkError) -> Void) {
        if isTraining { backward.append((operation, build)) }
    }

    // MARK: - The backward pass

    /// A block of the backward pass, in memory that others have done with.
    func temporary(_ layout: dnnl_memory_desc_t) throws(NetworkError) -> Block {
        let block = try Block(library, layout, in: arena.take(bytes: Block.bytes(library, layout)))
        temporaries.append(block.memory)
        return block
    }

    /// Memory that the operation in progress has taken.
    private var temporaries: [AlignedMemory] = []

    /// Whether anybody asks for the gradient of a value: nobody does for the data itself, nor behind frozen layers alone.
    func needsGradient(_ value: Int) -> Bool { isLearned[value] }

    /// Adds to the gradient of a value. The block may be that of another value's gradient too.
    func contribute(_ block: Block, to value: Int) throws(NetworkError) {
        guard needsGradient(value) else { return }
        guard let old = gradients[value] else {
            arena.retain(block.memory)
            gradients[value] = block
            return
        }
        let other = try arranged(block, as: old.descriptor)
        // The old block may be another value's gradient as well, so the sum has one of its own.
        let sum = try temporary(old.descriptor)
        try appendSum(old, other, into: sum)
        arena.retain(sum.memory)
        gradients[value] = sum
        arena.release(old.memory)
    }

    func appendSum(_ left: Block, _ right: Block, into sum: Block) throws(NetworkError) {
        var operation = dnnl_binary_desc_t()
        var (first, second, result) = (left.descriptor, right.descriptor, sum.descriptor)
        try library.check(
            library.functions.binary_desc_init(&operation, dnnl_binary_add, &first, &second, &result), "a sum")
        append(
            try Primitive(library, "a sum", &operation),
            [(DNNL_ARG_SRC_0, left), (DNNL_ARG_SRC_1, right), (DNNL_ARG_DST_0, sum)])
    }

    func buildBackward(from gradient: Block) throws(NetworkError) {
        isBuildingBackward = true
        guard let last = graph.operations.last else { return }
        gradients[last.output] = gradient
        for (operation, build) in backward.reversed() {
            guard let gradient = gradients.removeValue(forKey: operation.output) else { continue }
            temporaries.removeAll()
            try build(gradient)
            for memory in temporaries { arena.drop(memory) }
            arena.release(gradient.memory)
        }
    }

    /// The logits, row-major.
    func plainLogits() throws(NetworkError) -> Block {
        let value = graph.operations[graph.operations.count - 1].output
        return try self.value(value, as: library.descriptor([rows] + graph.shapes[value]))
    }
}

/// Memory of the backward pass that is used again: the order of its steps is known, so nothing lives longer than it is needed.
private struct Arena {
    private var free: [AlignedMemory] = []
    private var holders: [ObjectIdentifier: Int] = [:]
    private var isOurs: Set<ObjectIdentifier> = []

    mutating func take(bytes: Int) -> AlignedMemory {
        // The smallest that is large enough, and not so large that it would be missed elsewhere.
        let fitting = free.indices.filter { free[$0].bytes >= bytes && free[$0].bytes <= 2 * bytes }
        guard let index = fitting.min(by: { free[$0].bytes < free[$1].bytes }) else {
            let memory = AlignedMemory(bytes: bytes)
            isOurs.insert(ObjectIdentifier(memory))
            return memory
        }
        return free.remove(at: index)
    }

    mutating func retain(_ memory: AlignedMemory) { holders[ObjectIdentifier(memory), default: 0] += 1 }

    mutating func release(_ memory: AlignedMemory) {
        let id = ObjectIdentifier(memory)
        guard let count = holders[id] else { return }
        holders[id] = count > 1 ? count - 1 : nil
        drop(memory)
    }

    /// Ends the use of memory that nobody has retained.
    mutating func drop(_ memory: AlignedMemory) {
        let id = ObjectIdentifier(memory)
        guard isOurs.contains(id), holders[id] == nil, !free.contains(where: { $0 === memory }) else { return }
        free.append(memory)
    }
}
