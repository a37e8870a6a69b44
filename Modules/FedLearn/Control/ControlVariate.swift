import Contracts
import Tensor

/// A client's part of SCAFFOLD: its own control variate and everybody's, tensors of the model's shapes.
struct ControlVariate: Sendable {
    /// cᵢ; zeros for a client that has not contributed yet.
    var own: [Tensor]
    /// c; zeros before the first round.
    var common: [Tensor]

    /// What is added to each step's gradient: c − cᵢ.
    func correction() throws -> [Tensor] { try Self.sum(common, 1, own, -1) }

    /// cᵢ − c + (x − yᵢ)/(K·η).
    /// - Parameters:
    ///   - base: x, what the round started from.
    ///   - model: yᵢ, as it is sent.
    func next(base: [Tensor], model: [Tensor], steps: Int, rate: Double) throws -> [Tensor] {
        let factor = Float(1 / (Double(steps) * rate))
        return try Self.sum(try Self.sum(own, 1, common, -1), 1, try Self.sum(base, factor, model, -factor), 1)
    }

    private static func sum(_ left: [Tensor], _ a: Float, _ right: [Tensor], _ b: Float) throws -> [Tensor] {
        try zip(left, right).map { left, right in
            var result = try Tensor(zeros: left.shape)
            result.withUnsafeMutableBufferPointer { values in
                left.withUnsafeBufferPointer { Kernels.axpy(a, $0, into: values) }
                right.withUnsafeBufferPointer { Kernels.axpy(b, $0, into: values) }
            }
            return result
        }
    }
}
