import Contracts
import Core
import Datasets
import Tensor

/// One edge's data as the core has it.
struct GatheredShare: Codable, Sendable, Hashable {
    var edge: Name
    var manifest: Digest
    var samples: Int
    /// Bytes that moved from the edge.
    var bytes: Int

    /// Reads the data back.
    /// - Throws: `FedLearnError` `wrong-shape` for labels that are none; `DatasetError` for values that are no data.
    func data(_ transfer: ModelTransfer, classes: Int) async throws -> LabelledData {
        let tensors = try await transfer.read(try await transfer.manifest(manifest))
        guard tensors.count == 2, tensors[0].shape.count == 2, tensors[1].shape == [tensors[0].shape[0]] else {
            throw FedLearnError("corrupt", "what was gathered of edge '\(edge)' is no data set")
        }
        var labels: [Int32] = []
        for value in tensors[1].values {
            guard let label = Int32(exactly: value), (0..<Int32(classes)).contains(label) else {
                throw FedLearnError(
                    "wrong-shape",
                    "the data of edge '\(edge)' has label \(value); the job has classes 0 to \(classes - 1)")
            }
            labels.append(label)
        }
        return try LabelledData(
            features: Array(tensors[0].values), labels: labels, featureCount: tensors[0].shape[1], classCount: classes)
    }
}

extension Job {
    /// What the core holds the data of this job under.
    static func dataPrefix(_ uid: String) -> String { "\(referencePrefix(uid))data/" }
}
