import COneDNN
import Datasets
import Tensor

/// A network's passes for batches of one size: what oneDNN computes, in which order and in which memory.
final class Plan {
    let rows: Int
    /// The samples, row-major.
    let input: Block
    /// Row-major, `rows` × classes.
    let logits: Block
    /// Of the loss with respect to the logits; `nil` in a plan that only judges.
    let logitGradient: Block?
    /// The labels of the batch.
    var labels: [Int32]
    /// Which step of the training this is: what dropout draws from.
    var drawing = Drawing()

    /// Where random numbers of a step come from.
    struct Drawing {
        var seed: UInt64 = 0
        var labels: [String] = []
    }

    typealias Step = (Plan) throws(NetworkError) -> Void

    private let forwardSteps: [Step]
    private let backwardSteps: [Step]

    init(_ builder: PlanBuilder) throws(NetworkError) {
        rows = builder.rows
        input = builder.input
        logits = try builder.plainLogits()
        labels = [Int32](repeating: 0, count: builder.rows)
        if builder.isTraining {
            let gradient = try Block(builder.library, logits.descriptor)
            try builder.buildBackward(from: gradient)
            logitGradient = gradient
        } else {
            logitGradient = nil
        }
        forwardSteps = builder.forwardSteps
        backwardSteps = builder.backwardSteps
    }

    /// Copies the samples at `indices` into the plan, as many as it has rows.
    func gather(_ indices: some Collection<Int>, of data: LabelledData) {
        let width = data.featureCount
        data.features.withUnsafeBufferPointer { features in
            for (row, index) in indices.enumerated() {
                let source = UnsafeBufferPointer(rebasing: features[(index * width)..<((index + 1) * width)])
                _ = UnsafeMutableBufferPointer(rebasing: input.values[(row * width)..<((row + 1) * width)])
                    .update(from: source)
                labels[row] = data.labels[index]
            }
        }
    }

    func forward() throws(NetworkError) { for step in forwardSteps { try step(self) } }

    /// The gradients of the mean cross-entropy of the batch, whose logits are computed.
    func backward(classes: Int) throws(NetworkError) {
        guard let logitGradient else { preconditionFailure("a plan that only judges has no backward pass") }
        let gradient = logitGradient.values
        _ = gradient.update(fromContentsOf: logits.values)
        labels.withUnsafeBufferPointer { labels in
            Kernels.softmaxRows(gradient, columns: classes)
            Kernels.crossEntropyGradient(probabilities: gradient, labels: labels, columns: classes)
        }
        for step in backwardSteps { try step(self) }
    }

    /// The sum of the cross-entropies of the batch, whose logits are computed.
    func lossSum(classes: Int) -> Double {
        labels.withUnsafeBufferPointer {
            Kernels.crossEntropy(logits: UnsafeBufferPointer(logits.values), labels: $0, columns: classes)
        }
    }

    /// How many samples of the batch have their label as the most likely class.
    func hits(classes: Int) -> Int {
        (0..<rows).count { row in
            let slice = UnsafeBufferPointer(rebasing: logits.values[(row * classes)..<((row + 1) * classes)])
            return Kernels.indexOfMaximum(slice) == Int(labels[row])
        }
    }
}
