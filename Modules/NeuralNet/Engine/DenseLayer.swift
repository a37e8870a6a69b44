import Tensor

/// A fully connected layer: outputs = inputs · weight + bias, on batches of rows.
///
/// Batches live in tensors with room for the largest batch, of which the first `rows` rows are in use.
struct DenseLayer: Sendable {
    /// `inputs` × `outputs`.
    var weight: Tensor
    /// `outputs`.
    var bias: Tensor

    var inputs: Int { weight.shape[0] }
    var outputs: Int { weight.shape[1] }

    /// outputs ← inputs · weight + bias, for the first `rows` rows.
    func forward(_ input: Tensor, rows: Int, into output: inout Tensor, with blas: BLAS) {
        output.withUnsafeMutableBufferPointer { output in
            input.withUnsafeBufferPointer { input in
                weight.withUnsafeBufferPointer { weight in
                    guard let input = input.baseAddress, let weight = weight.baseAddress,
                        let output = output.baseAddress
                    else { return }
                    blas.multiply(input, weight, into: output, m: rows, n: outputs, k: inputs)
                }
            }
            let used = UnsafeMutableBufferPointer(rebasing: output[0..<(rows * outputs)])
            bias.withUnsafeBufferPointer { Kernels.addRow($0, toEachRowOf: used) }
        }
    }

    /// The gradients of the loss with respect to weight and bias, given those with respect to the outputs.
    func parameterGradients(
        input: Tensor, outputGradient: Tensor, rows: Int, weight weightGradient: inout Tensor,
        bias biasGradient: inout Tensor, with blas: BLAS
    ) {
        outputGradient.withUnsafeBufferPointer { outputGradient in
            input.withUnsafeBufferPointer { input in
                weightGradient.withUnsafeMutableBufferPointer { weightGradient in
                    guard let input = input.baseAddress, let gradient = outputGradient.baseAddress,
                        let result = weightGradient.baseAddress
                    else { return }
                    blas.multiply(input, gradient, into: result, m: inputs, n: outputs, k: rows, transposing: .left)
                }
            }
            let used = UnsafeBufferPointer(rebasing: outputGradient[0..<(rows * outputs)])
            biasGradient.withUnsafeMutableBufferPointer { Kernels.sumOfRows(used, into: $0) }
        }
    }

    /// The gradient of the loss with respect to the inputs, given that with respect to the outputs.
    func inputGradient(
        outputGradient: Tensor, rows: Int, into result: inout Tensor, with blas: BLAS
    ) {
        result.withUnsafeMutableBufferPointer { result in
            outputGradient.withUnsafeBufferPointer { gradient in
                weight.withUnsafeBufferPointer { weight in
                    guard let gradient = gradient.baseAddress, let weight = weight.baseAddress,
                        let result = result.baseAddress
                    else { return }
                    blas.multiply(gradient, weight, into: result, m: rows, n: inputs, k: outputs, transposing: .right)
                }
            }
        }
    }
}
