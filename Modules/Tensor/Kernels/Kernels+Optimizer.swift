extension Kernels {
    /// One step of gradient descent with momentum and L2 penalty, in place:
    /// v ← momentum · v + (gradient + weightDecay · x); x ← x - learningRate · v.
    ///
    /// The formulation of Sutskever et al. ("On the importance of initialization and momentum in deep learning", 2013) as
    /// PyTorch has it, without dampening.
    /// - Parameter isNesterov: moves along momentum · v + (gradient + weightDecay · x) instead of v.
    public static func momentumStep(
        _ x: UnsafeMutableBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>,
        velocity: UnsafeMutableBufferPointer<Float>, learningRate: Float, momentum: Float, weightDecay: Float,
        isNesterov: Bool = false
    ) {
        precondition(
            x.count == gradient.count && x.count == velocity.count,
            "\(x.count) parameters, \(gradient.count) gradients and \(velocity.count) velocities")
        guard let xs = UnsafeMutableRawPointer(x.baseAddress), let vs = UnsafeMutableRawPointer(velocity.baseAddress),
            let gs = UnsafeRawPointer(gradient.baseAddress)
        else { return }
        var i = 0
        while i + 16 <= x.count {
            let values = load(xs, i)
            let pull = load(gs, i) + values * weightDecay
            let v = load(vs, i) * momentum + pull
            store(v, vs, i)
            store(values - (isNesterov ? v * momentum + pull : v) * learningRate, xs, i)
            i += 16
        }
        while i < x.count {
            let pull = gradient[i] + x[i] * weightDecay
            let v = velocity[i] * momentum + pull
            velocity[i] = v
            x[i] -= (isNesterov ? v * momentum + pull : v) * learningRate
            i += 1
        }
    }

    /// One step of Adam (Kingma and Ba, 2015), in place: g ← gradient + weightDecay · x; m ← beta1 · m + (1 - beta1) · g;
    /// v ← beta2 · v + (1 - beta2) · g²; x ← shrink · x - rate · m / (√v / root + epsilon).
    ///
    /// With the bias corrections of step t, `rate` is the learning rate / (1 - beta1ᵗ) and `root` is √(1 - beta2ᵗ). For AdamW
    /// `weightDecay` is 0 and `shrink` is 1 - learning rate · decay.
    public static func adamStep(
        _ x: UnsafeMutableBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>,
        mean: UnsafeMutableBufferPointer<Float>, square: UnsafeMutableBufferPointer<Float>, rate: Float, root: Float,
        beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float, shrink: Float
    ) {
        precondition(
            x.count == gradient.count && x.count == mean.count && x.count == square.count,
            "\(x.count) parameters, \(gradient.count) gradients, \(mean.count) means and \(square.count) squares")
        guard let xs = UnsafeMutableRawPointer(x.baseAddress), let ms = UnsafeMutableRawPointer(mean.baseAddress),
            let vs = UnsafeMutableRawPointer(square.baseAddress), let gs = UnsafeRawPointer(gradient.baseAddress)
        else { return }
        var i = 0
        while i + 16 <= x.count {
            let values = load(xs, i)
            let g = load(gs, i) + values * weightDecay
            let m = load(ms, i) * beta1 + g * (1 - beta1)
            let v = load(vs, i) * beta2 + g * g * (1 - beta2)
            store(m, ms, i)
            store(v, vs, i)
            store(values * shrink - m * rate / (v.squareRoot() / root + epsilon), xs, i)
            i += 16
        }
        while i < x.count {
            let g = gradient[i] + x[i] * weightDecay
            mean[i] = mean[i] * beta1 + g * (1 - beta1)
            square[i] = square[i] * beta2 + g * g * (1 - beta2)
            x[i] = x[i] * shrink - mean[i] * rate / (square[i].squareRoot() / root + epsilon)
            i += 1
        }
    }
}
