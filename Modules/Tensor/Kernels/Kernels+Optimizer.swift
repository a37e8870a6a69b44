extension Kernels {
    /// One step of gradient descent with momentum and L2 penalty, in place:
    /// v ← momentum · v + (gradient + weightDecay · x); x ← x - learningRate · v.
    ///
    /// The formulation of Sutskever et al. ("On the importance of initialization and momentum in deep learning", 2013) as
    /// PyTorch has it, without dampening.
    public static func momentumStep(
        _ x: UnsafeMutableBufferPointer<Float>, gradient: UnsafeBufferPointer<Float>,
        velocity: UnsafeMutableBufferPointer<Float>, learningRate: Float, momentum: Float, weightDecay: Float
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
            let v = load(vs, i) * momentum + (load(gs, i) + values * weightDecay)
            store(v, vs, i)
            store(values - v * learningRate, xs, i)
            i += 16
        }
        while i < x.count {
            let v = velocity[i] * momentum + (gradient[i] + x[i] * weightDecay)
            velocity[i] = v
            x[i] -= v * learningRate
            i += 1
        }
    }
}
