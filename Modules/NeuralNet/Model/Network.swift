import Core
import Tensor

/// A classifier of dense layers with rectifiers between them and a softmax at the end: a multi-layer perceptron, or
/// softmax regression when there is no hidden layer.
///
/// A value: training one copy leaves the others as they were. With one BLAS thread (`BLAS.configure`), the same seed, data
/// and options give the same parameters bit for bit on the same kind of processor.
public struct Network: Sendable {
    /// Units of the input, each hidden layer, and the classes.
    public let units: [Int]
    var layers: [DenseLayer]

    /// A network with fresh random weights and zero biases.
    ///
    /// Weights before a rectifier are normal with variance 2 / inputs (He et al., "Delving Deep into Rectifiers", 2015); the
    /// last layer's are uniform with variance 2 / (inputs + outputs) (Glorot and Bengio, 2010).
    /// - Parameters:
    ///   - units: the number of features, the units of each hidden layer, and the number of classes.
    ///   - seed: the source of the weights; same seed, same weights.
    /// - Throws: `NetworkError.Kind.invalidArchitecture` unless there are at least two entries, all positive.
    public init(units: [Int], seed: UInt64) throws(NetworkError) {
        let shapes = try Self.parameterShapes(units: units)
        self.units = units
        layers = []
        for index in 0..<(units.count - 1) {
            let isLast = index == units.count - 2
            let named = shapes[2 * index]
            var generator = SplitMix64(seed: seed, labels: "initial-weights", named.name)
            let deviation = (2 / Double(units[index])).squareRoot()
            let limit = (6 / Double(units[index] + units[index + 1])).squareRoot()
            do {
                var weight = try Tensor(zeros: named.shape)
                weight.withUnsafeMutableBufferPointer { values in
                    for i in 0..<values.count {
                        values[i] = Float(
                            isLast ? (2 * generator.nextUnit() - 1) * limit : generator.nextNormal() * deviation)
                    }
                }
                layers.append(DenseLayer(weight: weight, bias: try Tensor(zeros: shapes[2 * index + 1].shape)))
            } catch {
                throw NetworkError(.invalidArchitecture, "units \(units) make too large a network", cause: error)
            }
        }
    }

    /// The number of features a sample has.
    public var featureCount: Int { units[0] }

    /// The number of classes.
    public var classCount: Int { units[units.count - 1] }

    /// How many numbers are learned.
    public var parameterCount: Int { layers.reduce(0) { $0 + $1.weight.count + $1.bias.count } }
}
