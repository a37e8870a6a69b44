import Contracts
import Core

/// The strategies that jobs may name.
public struct StrategyCatalogue: Sendable {
    /// Those that GEdge comes with.
    public static let standard = StrategyCatalogue([
        FederatedAveraging.self, ServerMomentum.self, AdaptiveServer.Adagrad.self, AdaptiveServer.Adam.self,
        AdaptiveServer.Yogi.self, Proximal.self, NormalisedAveraging.self, FairAveraging.self, CoordinateMedian.self,
        TrimmedMean.self, Krum.self, MultiKrum.self, Bulyan.self, NormClipping.self, Scaffold.self,
    ])

    /// By kind; the last of the same kind counts.
    let types: [String: any Strategy.Type]

    /// A catalogue of these and no others; `StrategyCatalogue.standard.adding([…])` keeps the usual ones.
    public init(_ types: [any Strategy.Type]) {
        self.types = Dictionary(types.map { ($0.kind, $0) }) { _, last in last }
    }

    /// With more strategies; one of a known kind takes its place.
    public func adding(_ more: [any Strategy.Type]) -> StrategyCatalogue {
        StrategyCatalogue(Array(types.values) + more)
    }

    var kinds: [String] { types.keys.sorted() }

    /// Kinds that need the updates' mean alone.
    var meanKinds: [String] {
        kinds.filter { kind in
            // `try?`: one that cannot do without its parameters is not named.
            (try? strategy(of: StrategySpec(kind: kind), optimizer: OptimizerSpec()))?.needsOnlyMean == true
        }
    }

    /// The strategy of a job.
    /// - Throws: `FedLearnError` `invalid` for a kind or a number that is not known, or numbers that do not fit.
    func strategy(of spec: TrainingJobSpec) throws -> any Strategy {
        try strategy(
            of: spec.strategy ?? StrategySpec(kind: FederatedAveraging.kind),
            optimizer: spec.localOptimizer)
    }

    private func strategy(of wanted: StrategySpec, optimizer: OptimizerSpec) throws -> any Strategy {
        if let fault = faults(of: wanted).first { throw FedLearnError("invalid", "\(fault.field) \(fault.message)") }
        guard let type = types[wanted.kind] else {
            throw FedLearnError("invalid", "spec.strategy.kind '\(wanted.kind)' is not known")
        }
        return try type.init(
            StrategySettings(wanted.values, of: type.parameters, optimizer: optimizer))
    }

    /// What is wrong with a strategy's fields: each with the field, and what to say of it.
    func faults(of spec: StrategySpec) -> [(field: String, message: String)] {
        guard let type = types[spec.kind] else {
            let hint = NearestName.hint(for: spec.kind, among: kinds, noun: "kinds")
            return [("spec.strategy.kind", "names no strategy: '\(spec.kind.prefix(60))'\(hint)")]
        }
        return spec.values.sorted { $0.key < $1.key }.compactMap { name, value in
            let field = "spec.strategy.\(name.prefix(60))"
            guard let parameter = type.parameters.first(where: { $0.name == name }) else {
                let names = ["kind"] + type.parameters.map(\.name)
                return (
                    field,
                    "is no field of strategy '\(type.kind)'"
                        + NearestName.hint(for: name, among: names, noun: "fields")
                )
            }
            return parameter.accepts(value)
                ? nil : (field, "must be \(parameter.rule), not \(StrategyParameter.text(value))")
        }
    }

    /// The lines of `gedge explain` under `spec.strategy`: one for the kinds, and one for each field with the kinds that take it.
    var documentation: [(path: String, text: String)] {
        var lines = [
            ("spec.strategy.kind", "one of \(kinds.joined(separator: ", ")); default \(FederatedAveraging.kind)")
        ]
        for kind in kinds {
            guard let type = types[kind] else { continue }
            lines.append(("spec.strategy.kind=\(kind)", type.summary))
            for parameter in type.parameters {
                let standard = parameter.standard.map { "; default \(StrategyParameter.text($0))" } ?? ""
                lines.append(
                    ("spec.strategy.\(parameter.name)", "of \(kind): \(parameter.text); \(parameter.rule)\(standard)"))
            }
        }
        return lines
    }
}
