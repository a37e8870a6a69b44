import Contracts
import Core

/// Checks a policy when it is applied: every rule by itself, and every two against each other.
enum PolicyCheck {
    /// The most rules of a policy.
    static let maximumRules = 256

    /// Everything that is wrong, each with its place, in the order of the rules; empty for a sound policy.
    /// - Parameter place: where rule *i*, counted from 0, was written, such as `policy.yaml:12:5`.
    static func faults(of spec: SyncPolicySpec, place: (Int) -> String) -> [String] {
        guard (1...maximumRules).contains(spec.rules.count) else {
            return ["\(place(0)): spec.rules must have 1 to \(maximumRules) rules, not \(spec.rules.count)"]
        }
        var faults: [String] = []
        for (index, rule) in spec.rules.enumerated() {
            faults += faultsWithin(rule).map { "\(place(index)): rule \(index + 1): \($0)" }
            for (other, earlier) in spec.rules[..<index].enumerated() {
                guard earlier.rank == rule.rank, earlier.overlaps(rule), earlier.effect != rule.effect else { continue }
                faults.append(
                    "\(place(index)): rule \(index + 1) (\(rule.selection)) contradicts rule \(other + 1) at "
                        + "\(place(other)) (\(earlier.selection)): both fit the same transfers, and neither is more specific; "
                        + "narrow one, or remove it")
            }
        }
        return faults
    }

    private static func faultsWithin(_ rule: SyncRule) -> [String] {
        var faults: [String] = []
        func check(_ isRight: Bool, _ fault: @autoclosure () -> String) { if !isRight { faults.append(fault()) } }
        func list<Element: Hashable>(_ name: String, _ values: [Element]?) {
            guard let values else { return }
            check(!values.isEmpty, "\(name) is empty, so that the rule fits nothing; leave it out to fit any")
            check(Set(values).count == values.count, "\(name) names something twice")
        }
        list("artefacts", rule.artefacts)
        list("directions", rule.directions)
        list("edges", rule.edges)
        list("datasets", rule.datasets)

        check(
            (rule.when == .schedule) == (rule.schedule != nil),
            rule.schedule == nil
                ? "'when: schedule' needs 'schedule:', such as every 15m or '0 2 * * *'"
                : "'schedule' goes with 'when: schedule', not with '\(rule.when.rawValue)'")
        check(
            (rule.when == .idleLink) == (rule.idleBelow != nil),
            rule.idleBelow == nil
                ? "'when: idle-link' needs 'idleBelow:', the bytes per second below which a link is idle, such as 1MB"
                : "'idleBelow' goes with 'when: idle-link', not with '\(rule.when.rawValue)'")
        check((rule.idleBelow?.bytes ?? 1) > 0, "'idleBelow' must be at least 1 byte per second")
        check(
            (rule.when == .threshold) == (rule.threshold != nil),
            rule.threshold == nil
                ? "'when: threshold' needs 'threshold:' with bytes or records"
                : "'threshold' goes with 'when: threshold', not with '\(rule.when.rawValue)'")
        if let threshold = rule.threshold {
            check(
                threshold.bytes != nil || threshold.records != nil, "'threshold' needs bytes or records")
            check(
                (threshold.bytes?.bytes ?? 1) > 0 && (threshold.records ?? 1) > 0,
                "the bytes and records of 'threshold' must be at least 1")
        }
        check(
            rule.consistency != .strict || [.eachRound, .onChange].contains(rule.when),
            "'consistency: strict' makes a round wait, which goes with 'when: each-round' or 'on-change', not with "
                + "'\(rule.when.rawValue)'")
        check(
            rule.privacy != .private || rule.when == .never,
            "'privacy: private' never moves; say 'when: never', not '\(rule.when.rawValue)'")
        return faults
    }
}
