import Core
import Glibc

/// A pole on a cart that is pushed left (0) or right (1): every step that the pole stands is rewarded with 1.
///
/// The dynamics are those of Barto, Sutton and Anderson, "Neuronlike Adaptive Elements That Can Solve Difficult Learning Control
/// Problems" (1983), without friction, with the numbers, the limits and the Euler steps of Gymnasium's `CartPole-v1`. An
/// observation is position, velocity, angle and angular velocity.
public struct CartPole: Environment {
    /// The episode is over when the cart is farther from the middle, or the pole leans more than 12 degrees.
    static let positionLimit = 2.4
    static let angleLimit = 12 * 2 * Double.pi / 360
    private static let gravity = 9.8
    private static let cartMass = 1.0
    private static let poleMass = 0.1
    /// Of the pole, in metres.
    private static let halfLength = 0.5
    private static let force = 10.0
    private static let interval = 0.02

    /// In metres, metres per second, radians and radians per second.
    struct State: Sendable, Hashable {
        var position = 0.0
        var velocity = 0.0
        var angle = 0.0
        var angularVelocity = 0.0
    }

    /// Steps after which an episode is cut off.
    public let maximumSteps: Int
    private(set) var state = State()
    private var steps = 0

    public init(maximumSteps: Int = 500) { self.maximumSteps = maximumSteps }

    public var observationCount: Int { 4 }
    public var actionCount: Int { 2 }

    /// Begins near the upright: each number of the state uniform in -0.05 ..< 0.05.
    public mutating func reset(seed: UInt64) -> [Float] {
        var generator = SplitMix64(seed: seed)
        func small() -> Double { 0.1 * generator.nextUnit() - 0.05 }
        state = State(position: small(), velocity: small(), angle: small(), angularVelocity: small())
        steps = 0
        return observation
    }

    public mutating func step(_ action: Int) -> EnvironmentStep {
        precondition((0..<actionCount).contains(action), "a cart is pushed left (0) or right (1), not \(action)")
        let push = action == 1 ? Self.force : -Self.force
        let (cosine, sine) = (cos(state.angle), sin(state.angle))
        let mass = Self.cartMass + Self.poleMass
        let poleMoment = Self.poleMass * Self.halfLength
        let pull = (push + poleMoment * state.angularVelocity * state.angularVelocity * sine) / mass
        let angularAcceleration =
            (Self.gravity * sine - cosine * pull)
            / (Self.halfLength * (4.0 / 3.0 - Self.poleMass * cosine * cosine / mass))
        let acceleration = pull - poleMoment * angularAcceleration * cosine / mass
        state = State(
            position: state.position + Self.interval * state.velocity,
            velocity: state.velocity + Self.interval * acceleration,
            angle: state.angle + Self.interval * state.angularVelocity,
            angularVelocity: state.angularVelocity + Self.interval * angularAcceleration)
        steps += 1
        let hasFallen = abs(state.position) > Self.positionLimit || abs(state.angle) > Self.angleLimit
        return EnvironmentStep(
            observation: observation, reward: 1, isTerminal: hasFallen,
            isTruncated: !hasFallen && steps >= maximumSteps)
    }

    private var observation: [Float] {
        [Float(state.position), Float(state.velocity), Float(state.angle), Float(state.angularVelocity)]
    }
}
