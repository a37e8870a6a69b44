import Glibc
import Tensor

/// What an optimiser keeps from step to step: velocities, or Adam's two running means, for every tensor that is learned.
struct OptimizerState {
    private let optimizer: Optimizer
    /// By tensor; the second list is Adam's mean squares.
    private var first: [Tensor] = []
    private var second: [Tensor] = []
    /// Steps begun.
    private var steps = 0
    /// What the optimiser's learning rate is multiplied by in this step.
    private var factor: Float = 1

    /// - Parameter counts: how many values each tensor has.
    init(_ optimizer: Optimizer, counts: [Int]) throws(TensorError) {
        self.optimizer = optimizer
        for count in counts { first.append(try Tensor(zeros: [count])) }
        if case .adam = optimizer {
            for count in counts { second.append(try Tensor(zeros: [count])) }
        }
    }

    /// Begins a step, in which `move` is called once for every tensor.
    mutating func beginStep(factor: Float) {
        steps += 1
        self.factor = factor
    }

    /// Moves the tensor at `index` along its gradient.
    /// - Parameter decays: whether the optimiser's decay is for this tensor.
    mutating func move(
        _ index: Int, _ values: UnsafeMutableBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>, decays: Bool
    ) {
        first[index].withUnsafeMutableBufferPointer { first in
            switch optimizer {
            case .momentum(let rule):
                Kernels.momentumStep(
                    values, gradient: gradient, velocity: first, learningRate: rule.learningRate * factor,
                    momentum: rule.momentum, weightDecay: decays ? rule.weightDecay : 0, isNesterov: rule.isNesterov)
            case .adam(let rule):
                let rate = Double(rule.learningRate * factor)
                let decay = decays ? rule.weightDecay : 0
                second[index].withUnsafeMutableBufferPointer { second in
                    Kernels.adamStep(
                        values, gradient: gradient, mean: first, square: second,
                        rate: Float(rate / (1 - pow(Double(rule.beta1), Double(steps)))),
                        root: Float((1 - pow(Double(rule.beta2), Double(steps))).squareRoot()), beta1: rule.beta1,
                        beta2: rule.beta2, epsilon: rule.epsilon, weightDecay: rule.isDecoupled ? 0 : decay,
                        shrink: rule.isDecoupled ? Float(1 - rate * Double(decay)) : 1)
                }
            }
        }
    }
}
