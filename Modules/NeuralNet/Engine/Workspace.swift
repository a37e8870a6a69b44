import Tensor

/// The memory one pass through a network needs, for batches of at most `capacity` rows.
struct Workspace {
    let capacity: Int
    /// What goes into each layer, then the logits: `capacity` rows of each entry of the network's units.
    var activations: [Tensor]
    /// The labels of the batch; the first `rows` are in use.
    var labels: [Int32]

    init(units: [Int], capacity: Int) throws(TensorError) {
        self.capacity = capacity
        activations = []
        for count in units { activations.append(try Tensor(zeros: [capacity, count])) }
        labels = [Int32](repeating: 0, count: capacity)
    }
}
