import Core
import Datasets
import NeuralNet
import Tensor

/// Points of `classes` overlapping clouds.
func clouds(_ count: Int, features: Int, classes: Int, seed: UInt64) throws -> LabelledData {
    var generator = SplitMix64(seed: seed, labels: "clouds")
    let centres = (0..<classes).map { _ in (0..<features).map { _ in generator.nextNormal() * 1.5 } }
    var values: [Float] = []
    var labels: [Int32] = []
    for _ in 0..<count {
        let label = Int(generator.next() % UInt64(classes))
        labels.append(Int32(label))
        for feature in 0..<features { values.append(Float(centres[label][feature] + generator.nextNormal())) }
    }
    return try LabelledData(features: values, labels: labels, featureCount: features, classCount: classes)
}

/// Every parameter of a network, one after the other.
func flattened(_ network: Network) -> [Float] { network.parameters.flatMap(\.tensor.values) }
