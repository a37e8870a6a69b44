import COneDNN
import Datasets
import Tensor

/// A network while it is trained or judged, on one thread: its parameters and the plans for each size of batch.
final class Session {
    let store: ParameterStore
    private let library: OneDNN
    private let stream: dnnl_stream_t
    private let isTraining: Bool
    private var plans: [Int: Plan] = [:]

    private var classes: Int { store.graph.classCount }

    /// - Parameter frozen: the parameters that stay as they are, by their place.
    init(_ graph: Graph, _ tensors: [Tensor], isTraining: Bool, frozen: Set<Int> = []) throws(NetworkError) {
        library = try OneDNN.shared()
        library.useOneThread()
        self.isTraining = isTraining
        stream = try library.stream()
        store = ParameterStore(library, graph, tensors, frozen: frozen)
    }

    deinit { _ = library.functions.stream_destroy(stream) }

    private func plan(rows: Int) throws(NetworkError) -> Plan {
        if let plan = plans[rows] { return plan }
        let plan = try Plan(PlanBuilder(store, rows: rows, isTraining: isTraining, on: stream))
        plans[rows] = plan
        return plan
    }

    /// The parameters as they are now, row-major.
    func tensors() throws -> [Tensor] { try store.read(on: stream) }

    /// Tensors of parameters that a plan has placed, in those parameters' layouts.
    func arranged(_ tensors: [Int: Tensor]) throws(NetworkError) -> [Int: Block] {
        var blocks: [Int: Block] = [:]
        for (index, tensor) in tensors { blocks[index] = try store.arranged(tensor, like: index, on: stream) }
        return blocks
    }

    /// The gradients of the last step, row-major.
    func gradients() throws -> [Tensor] { try store.readGradients(on: stream) }

    /// Computes the gradients of the mean loss of the samples at `indices`. Where the loss is not finite, there are none.
    /// - Returns: the sum of the losses.
    func differentiate(
        _ indices: some Collection<Int>, of data: LabelledData, drawing: Plan.Drawing
    ) throws(NetworkError) -> Double {
        let plan = try plan(rows: indices.count)
        plan.gather(indices, of: data)
        plan.drawing = drawing
        try plan.forward()
        let loss = plan.lossSum(classes: classes)
        if loss.isFinite { try plan.backward(classes: classes) }
        return loss
    }

    /// Judges the samples at `indices`.
    func judge(_ indices: Range<Int>, of data: LabelledData) throws(NetworkError) -> (lossSum: Double, hits: Int) {
        let plan = try plan(rows: indices.count)
        plan.gather(indices, of: data)
        try plan.forward()
        return (plan.lossSum(classes: classes), plan.hits(classes: classes))
    }
}
