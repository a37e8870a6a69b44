import Glibc

/// How the learning rate changes over the steps of a training.
public struct LearningRateSchedule: Sendable, Hashable {
    public enum Shape: Sendable, Hashable {
        case constant
        /// Times `factor` each time another `epochs` are over.
        case step(epochs: Int, factor: Float)
        /// Half a cosine, from the whole rate to `floor` of it at the end (Loshchilov and Hutter, "SGDR", 2017).
        case cosine(floor: Float = 0)
    }

    public var shape: Shape
    /// Steps at the beginning over which the rate rises in a straight line to what `shape` says; the first has 1 / `warmUp`.
    public var warmUp: Int

    public init(_ shape: Shape = .constant, warmUp: Int = 0) {
        self.shape = shape
        self.warmUp = warmUp
    }

    public static let constant = LearningRateSchedule()

    /// What the optimiser's rate is multiplied by.
    /// - Parameters:
    ///   - step: from 0, over all epochs.
    ///   - stepsPerEpoch: positive.
    ///   - epochs: of the whole training.
    public func factor(step: Int, stepsPerEpoch: Int, epochs: Int) -> Float {
        let rise = step < warmUp ? Float(step + 1) / Float(warmUp) : 1
        switch shape {
        case .constant: return rise
        case .step(let every, let factor): return rise * powf(factor, Float(step / stepsPerEpoch / every))
        case .cosine(let floor):
            let rest = max(1, stepsPerEpoch * epochs - warmUp)
            let share = min(1, Double(max(0, step - warmUp)) / Double(rest))
            return rise * (floor + (1 - floor) * Float((1 + cos(.pi * share)) / 2))
        }
    }

    /// - Throws: `NetworkError.Kind.invalidSettings` for a value outside its range.
    func validate() throws(NetworkError) {
        guard warmUp >= 0 else { throw NetworkError(.invalidSettings, "warmUp must be at least 0, not \(warmUp)") }
        switch shape {
        case .constant: break
        case .step(let epochs, let factor):
            guard epochs >= 1, factor > 0, factor <= 1 else {
                throw NetworkError(
                    .invalidSettings,
                    "a step schedule takes epochs of at least 1 and a factor in (0, 1], not \(epochs) and \(factor)")
            }
        case .cosine(let floor):
            guard floor >= 0, floor <= 1 else {
                throw NetworkError(.invalidSettings, "a cosine's floor must be 0 to 1, not \(floor)")
            }
        }
    }
}
