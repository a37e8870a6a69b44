import Datasets
import Tensor

extension Network {
    /// Copies the samples at `indices` into the workspace. Returns how many.
    func gather(_ indices: some Collection<Int>, of data: LabelledData, into workspace: inout Workspace) -> Int {
        let width = featureCount
        workspace.activations[0].withUnsafeMutableBufferPointer { rows in
            data.features.withUnsafeBufferPointer { features in
                for (row, index) in indices.enumerated() {
                    let source = UnsafeBufferPointer(rebasing: features[(index * width)..<((index + 1) * width)])
                    _ = UnsafeMutableBufferPointer(rebasing: rows[(row * width)..<((row + 1) * width)])
                        .update(from: source)
                }
            }
        }
        for (row, index) in indices.enumerated() { workspace.labels[row] = data.labels[index] }
        return indices.count
    }

    /// Computes every layer's activation of the first `rows` samples; the last are logits.
    func forward(_ workspace: inout Workspace, rows: Int, with blas: BLAS) {
        for index in layers.indices {
            let layer = layers[index]
            let input = workspace.activations[index]
            layer.forward(input, rows: rows, into: &workspace.activations[index + 1], with: blas)
            if index < layers.count - 1 {
                workspace.activations[index + 1].withUnsafeMutableBufferPointer {
                    Kernels.relu(UnsafeMutableBufferPointer(rebasing: $0[0..<(rows * layer.outputs)]))
                }
            }
        }
    }

    /// The sum of the cross-entropies of the first `rows` samples, whose logits are computed.
    func lossSum(_ workspace: Workspace, rows: Int) -> Double {
        workspace.activations[layers.count].withUnsafeBufferPointer { logits in
            workspace.labels.withUnsafeBufferPointer { labels in
                Kernels.crossEntropy(
                    logits: UnsafeBufferPointer(rebasing: logits[0..<(rows * classCount)]),
                    labels: UnsafeBufferPointer(rebasing: labels[0..<rows]), columns: classCount)
            }
        }
    }

    /// Checks that `data` can go through this network.
    func validate(_ data: LabelledData) throws(NetworkError) {
        try data.validate(features: featureCount, classes: classCount)
    }
}

extension LabelledData {
    /// Checks that the samples can go through a network.
    func validate(features: Int, classes: Int) throws(NetworkError) {
        guard count > 0 else { throw NetworkError(.unsuitableData, "the data set has no samples") }
        guard featureCount == features else {
            throw NetworkError(
                .unsuitableData,
                "the data set has \(featureCount) features per sample, but the network takes \(features)")
        }
        if let label = labels.max(), Int(label) >= classes {
            throw NetworkError(
                .unsuitableData,
                "the data set has label \(label), but the network tells \(classes) classes apart (0 to \(classes - 1))")
        }
    }
}
