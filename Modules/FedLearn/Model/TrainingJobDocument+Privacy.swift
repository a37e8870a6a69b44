import Contracts
import Core
import YAMLKit

extension TrainingJobDocument {
    /// What is wrong with `spec.privacy`, each with its place in `root`.
    func privacyFaults(in root: YAMLNode) -> [String] {
        guard let privacy = spec.privacy else { return [] }
        var faults: [String] = []
        func check(_ field: String, _ isValid: Bool, _ rule: String, _ value: Double) {
            guard !isValid else { return }
            let field = "spec.privacy.\(field)"
            faults.append("\(root.location(of: field)): \(field) must be \(rule), not \(value)")
        }
        check("clip", privacy.clip > 0 && privacy.clip <= 1e6, "above 0 and at most 1000000", privacy.clip)
        check("noise", (0.01...1e6).contains(privacy.noise), "0.01 to 1000000", privacy.noise)
        if let quantile = privacy.adaptive?.quantile {
            check("adaptive.quantile", quantile > 0 && quantile < 1, "above 0 and below 1", quantile)
        }
        if let rate = privacy.adaptive?.rate {
            check("adaptive.rate", rate > 0 && rate <= 1, "above 0 and at most 1", rate)
        }
        if let delta = privacy.delta { check("delta", delta > 0 && delta < 1, "above 0 and below 1", delta) }
        if let most = privacy.maximumEpsilon {
            check("maximumEpsilon", most > 0 && most.isFinite, "above 0", most)
        }
        if spec.clients?.maximumNormRatio != nil {
            let field = "spec.clients.maximumNormRatio"
            faults.append(
                "\(root.location(of: field)): \(field) must be left out with spec.privacy, which shortens long updates instead"
            )
        }
        guard faults.isEmpty, let affordable = privacy.affordableRounds(of: spec.rounds) else { return faults }
        return [
            "\(root.location(of: "spec.rounds")): spec.rounds: \(spec.rounds) rounds spend "
                + "\(privacy.spent(rounds: spec.rounds).text), and spec.privacy.maximumEpsilon is "
                + "\(StrategyParameter.text(privacy.maximumEpsilon ?? 0)); \(affordable) rounds do not spend more, or set "
                + "spec.privacy.noise higher"
        ]
    }
}
