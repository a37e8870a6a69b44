import Tensor

extension Network {
    /// Computes the gradients of the mean cross-entropy of the first `rows` samples, whose activations are computed.
    /// - Parameter first: the first layer whose gradients are wanted.
    func backward(
        _ workspace: Workspace, rows: Int, downTo first: Int = 0, into gradients: inout Gradients, with blas: BLAS
    ) {
        let last = layers.count - 1
        workspace.activations[layers.count].withUnsafeBufferPointer { logits in
            workspace.labels.withUnsafeBufferPointer { labels in
                gradients.outputs[last].withUnsafeMutableBufferPointer { gradient in
                    let used = UnsafeMutableBufferPointer(rebasing: gradient[0..<(rows * classCount)])
                    _ = used.update(from: logits[0..<(rows * classCount)])
                    Kernels.softmaxRows(used, columns: classCount)
                    Kernels.crossEntropyGradient(
                        probabilities: used, labels: UnsafeBufferPointer(rebasing: labels[0..<rows]),
                        columns: classCount)
                }
            }
        }
        propagate(workspace, rows: rows, downTo: first, into: &gradients, with: blas)
    }

    /// Computes the gradients of everything from those of the outputs, which are the last of `gradients.outputs`.
    /// - Parameter first: the first layer whose gradients are wanted.
    func propagate(
        _ workspace: Workspace, rows: Int, downTo first: Int = 0, into gradients: inout Gradients, with blas: BLAS
    ) {
        for index in stride(from: layers.count - 1, through: first, by: -1) {
            let layer = layers[index]
            layer.parameterGradients(
                input: workspace.activations[index], outputGradient: gradients.outputs[index], rows: rows,
                weight: &gradients.weights[index], bias: &gradients.biases[index], with: blas)
            // Nobody asks for the gradient of what goes in.
            guard index > first else { continue }
            let outer = gradients.outputs[index]
            layer.inputGradient(outputGradient: outer, rows: rows, into: &gradients.outputs[index - 1], with: blas)
            let count = rows * layer.inputs
            gradients.outputs[index - 1].withUnsafeMutableBufferPointer { gradient in
                workspace.activations[index].withUnsafeBufferPointer { output in
                    Kernels.reluGradient(
                        UnsafeMutableBufferPointer(rebasing: gradient[0..<count]),
                        output: UnsafeBufferPointer(rebasing: output[0..<count]))
                }
            }
        }
    }
}
