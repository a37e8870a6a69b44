/// A way to make the next global model of a round's updates. To add one, conform to this protocol and hand the type to
/// `FedLearnCoordinator` in its `StrategyCatalogue`; a job then names it under `spec.strategy.kind`.
///
/// The engine reads base, updates and state a span at a time, so a strategy sees all contributors of a stretch of the model but
/// never a whole model. A round is:
///
/// 1. what `measures` asks for is measured over all updates;
/// 2. `combination(of:)` decides, from that and from what the clients reported, how updates are combined;
/// 3. span by span, updates are combined and `step(_:)` may change the result and the state.
///
/// Updates come in the order of their edges' names, whenever they arrived: a strategy that depends on nothing else gives the
/// same bits for the same updates. One value serves one round and keeps nothing; what must last is `state`.
public protocol Strategy: Sendable {
    /// What a job writes under `spec.strategy.kind`: of a-z, 0-9 and '-'.
    static var kind: String { get }
    /// What it does, in a line, for `gedge explain`.
    static var summary: String { get }
    /// The numbers it takes beside `kind`.
    static var parameters: [StrategyParameter] { get }

    /// - Parameter settings: complete, and within the parameters' ranges.
    /// - Throws: `StrategySettings.fault(_:)` for numbers that do not go together.
    init(_ settings: StrategySettings) throws

    /// The fewest updates it is defined for; a job's `spec.clients.minimum` is at least that. Default 1.
    var minimumUpdates: Int { get }
    /// What the clients must do. Default nothing but train.
    var duties: ClientDuties { get }
    /// What must be known of all updates before they are combined; each costs one more reading of them. Default nothing.
    var measures: StrategyMeasures { get }
    /// Whether the updates' mean is all that is needed of them: then a private mean can stand in its place. Default no.
    var needsOnlyMean: Bool { get }
    /// What is kept from round to round: for each, a tensor for each of the model's, of its shape. Default nothing.
    var state: [StrategyState] { get }

    /// How the updates become one model.
    func combination(of round: StrategyRound) throws -> Combination
    /// How states are made of the updates: each costs one more reading of them. Default: `step(_:)` alone changes states.
    func sums(of round: StrategyRound) throws -> [StrategySum]
    /// What becomes of the combination, in place. Default: it is the next model.
    func step(_ span: StrategySpan)
}

extension Strategy {
    public var minimumUpdates: Int { 1 }
    public var duties: ClientDuties { ClientDuties() }
    public var measures: StrategyMeasures { [] }
    public var state: [StrategyState] { [] }
    public var needsOnlyMean: Bool { false }
    public func step(_ span: StrategySpan) {}
    public func sums(of round: StrategyRound) -> [StrategySum] { [] }
}

/// What a strategy asks of the clients beyond training.
public struct ClientDuties: Sendable, Hashable {
    /// The factor μ of the proximal term μ/2 · ‖w − w₀‖² in every step's loss, w₀ being the model the round starts from.
    public var proximal: Double?
    /// Whether they report the loss of the model the round starts from on their data.
    public var reportsBaseLoss: Bool
    /// The state that is everybody's control variate: clients keep one of their own and add the difference to each step's
    /// gradient, as `ControlVariate` says.
    public var controlVariate: String?

    public init(proximal: Double? = nil, reportsBaseLoss: Bool = false, controlVariate: String? = nil) {
        self.controlVariate = controlVariate
        self.proximal = proximal
        self.reportsBaseLoss = reportsBaseLoss
    }
}

/// What is measured of all updates before they are combined.
public struct StrategyMeasures: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// ‖update − base‖² of each.
    public static let norms = StrategyMeasures(rawValue: 1)
    /// ‖update − other update‖² of each pair: n(n − 1)/2 passes over the model, for n updates.
    public static let distances = StrategyMeasures(rawValue: 2)
}

/// A named set of tensors of the model's shapes that a strategy keeps from round to round. It is stored with the round.
public struct StrategyState: Sendable, Hashable {
    /// Of a-z, 0-9 and '-'; unique in its strategy.
    public var name: String
    /// What every value is before the first round.
    public var initial: Float

    public init(_ name: String, initial: Float = 0) {
        self.name = name
        self.initial = initial
    }
}

/// A state's next value as a sum: `old` times what it was, plus `base` times the model that the round started from, plus
/// each update times its weight. It is so before `step(_:)` sees it.
public struct StrategySum: Sendable, Hashable {
    public var state: String
    public var old: Float
    public var base: Float
    /// In the order of the round's updates.
    public var updates: [Float]

    public init(state: String, old: Float, base: Float, updates: [Float]) {
        self.state = state
        self.old = old
        self.base = base
        self.updates = updates
    }
}
