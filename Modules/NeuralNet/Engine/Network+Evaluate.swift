public import Datasets
import Tensor

extension Network {
    /// Judges the network on `data`, in batches.
    /// - Parameter shouldStop: asked before each batch.
    /// - Throws: `CancellationError` when `shouldStop` says so; `NetworkError` for unsuitable data, or when an output is not
    ///   finite.
    public func evaluate(
        on data: LabelledData, batchSize: Int = 256, shouldStop: () -> Bool = { false }
    ) throws -> Evaluation {
        try validate(data)
        let blas = try BLAS.shared()
        let capacity = max(1, min(batchSize, data.count))
        var workspace = try Workspace(units: units, capacity: capacity)
        var lossSum = 0.0
        var hits = 0
        var start = 0
        while start < data.count {
            if shouldStop() { throw CancellationError() }
            let rows = gather(start..<min(data.count, start + capacity), of: data, into: &workspace)
            forward(&workspace, rows: rows, with: blas)
            lossSum += self.lossSum(workspace, rows: rows)
            hits += workspace.activations[layers.count].withUnsafeBufferPointer { logits in
                (0..<rows).count { row in
                    let slice = UnsafeBufferPointer(
                        rebasing: logits[(row * classCount)..<((row + 1) * classCount)])
                    return Kernels.indexOfMaximum(slice) == Int(workspace.labels[row])
                }
            }
            start += rows
        }
        return try Evaluation(lossSum: lossSum, hits: hits, samples: data.count)
    }
}
