public import Contracts
public import Core

/// The policies in force, and what they say: a total function of its arguments, without clock, memory or input of its own.
///
/// The order in which things decide:
/// 1. the sending edge's own configuration, when it says `private` or lacks a word on raw data: refused;
/// 2. the policy: the one that the tags name, else the data set's document, else the one of the workload's name, else
///    `default`;
/// 3. of its rules that fit, the most specific one (`SyncRule.rank`), and among equals the first; none: refused;
/// 4. privacy: the edge's own word where it has one, the rule's otherwise;
/// 5. the moment: allowed, deferred, or refused.
public struct PolicyTable: Sendable, Hashable {
    /// The policy of what belongs to no job.
    public static let fallback = "default"

    /// How long until a question is worth asking again that no clock decides.
    static let pause: Duration = .seconds(10)

    private let specs: [Name: SyncPolicySpec]
    private let datasets: [DatasetName: Name]

    /// - Parameter set: when two policies have one name, the later one counts.
    public init(_ set: PolicySet) {
        specs = Dictionary(set.policies.map { ($0.name, $0.spec) }) { $1 }
        datasets = Dictionary(set.datasets.map { ($0.dataset, $0.policy) }) { $1 }
    }

    public init(_ policies: [NamedPolicy]) { self.init(PolicySet(policies: policies)) }

    public var names: [Name] { specs.keys.sorted() }

    public subscript(_ name: Name) -> SyncPolicySpec? { specs[name] }

    /// The name of the policy that decides about something.
    public func policyName(for tags: TransferTags) -> String {
        (tags.policy ?? tags.dataset.flatMap { datasets[$0] })?.text ?? tags.workload?.rawValue ?? Self.fallback
    }

    /// The policy that decides about something; `nil` when there is none of its name.
    public func spec(for tags: TransferTags) -> SyncPolicySpec? {
        // `try?`: the name of a policy, a workload or `default` is a name.
        (try? Name(policyName(for: tags))).flatMap { specs[$0] }
    }

    /// What the rules say.
    /// - Parameter local: the sending edge's own rules; `nil` on every cloud but that one.
    public func decide(_ question: SyncQuestion, local: LocalSyncRules? = nil) -> SyncDecision {
        var trail = Trail()
        guard let direction = SyncDirection(from: question.from, to: question.to) else {
            return trail.allow(TransferTerms(rule: RuleName("within one cloud")), "nothing leaves \(question.from)")
        }
        let tags = question.tags
        trail.note("\(tags.artefact.rawValue) \(direction.rawValue), from \(question.from) to \(question.to)")

        let own = local?.verdict(on: tags.artefact, dataset: tags.dataset)
        let ownRule = Self.name(ofLocal: own?.rule)
        if let own {
            trail.note("\(ownRule): \(own.privacy.rawValue)")
            if own.privacy == .private {
                return trail.refuse(
                    ownRule,
                    own.rule == nil
                        ? "raw data stays at its edge unless the edge's own configuration says otherwise"
                        : "the edge's own configuration keeps \(tags.artefact.rawValue) at the edge")
            }
        }

        let policy = policyName(for: tags)
        guard let spec = spec(for: tags) else {
            return trail.wait(
                until: question.now.advanced(by: Self.pause), RuleName("policy/\(policy)"),
                "there is no policy '\(policy)' here; apply one of this name")
        }
        guard let (index, rule) = pick(spec, question, direction, policy, &trail) else {
            return trail.refuse(
                RuleName("policy/\(policy) no rule"), "no rule of policy '\(policy)' fits; what no rule fits stays")
        }
        let name = RuleName("policy/\(policy) rule \(index + 1)")
        let privacy = own?.privacy ?? rule.privacy ?? .public
        switch privacy {
        case .private: return trail.refuse(name, "\(tags.artefact.rawValue) is private: it stays where it is")
        case .anonymisedOnly where tags.isAnonymised != true:
            return trail.refuse(
                own == nil ? name : ownRule,
                "only anonymised \(tags.artefact.rawValue) may leave, and this is not marked so")
        case .anonymisedOnly, .public: break
        }
        let terms = TransferTerms(
            priority: rule.priority ?? .normal, codec: rule.codec ?? .automatic,
            consistency: rule.consistency ?? .eventual, retention: rule.retention ?? .forever, rule: name)
        return moment(of: rule, question, terms, &trail)
    }

    private static func name(ofLocal rule: Int?) -> RuleName {
        RuleName(rule.map { "edge configuration rule \($0)" } ?? "edge configuration, raw data")
    }

    private func pick(
        _ spec: SyncPolicySpec, _ question: SyncQuestion, _ direction: SyncDirection, _ policy: String,
        _ trail: inout Trail
    ) -> (Int, SyncRule)? {
        var best: (Int, SyncRule)?
        for (index, rule) in spec.rules.enumerated() {
            let fits = rule.fits(question, direction)
            trail.note(
                "policy/\(policy) rule \(index + 1) (\(rule.selection), \(rule.moment)): \(fits ? "fits" : "does not fit")"
            )
            if fits, best.map({ $0.1.rank < rule.rank }) ?? true { best = (index, rule) }
        }
        if let best { trail.note("rule \(best.0 + 1) is the most specific one that fits") }
        return best
    }

    private func moment(
        of rule: SyncRule, _ question: SyncQuestion, _ terms: TransferTerms, _ trail: inout Trail
    ) -> SyncDecision {
        let artefact = question.tags.artefact.rawValue
        trail.moment = rule.when
        switch rule.when {
        case .onChange: return trail.allow(terms, "\(artefact) moves as soon as there is something new")
        case .eachRound:
            guard let round = question.tags.round else {
                return trail.refuse(
                    terms.rule, "\(artefact) moves as part of a training round, and this belongs to none")
            }
            return trail.allow(terms, "\(artefact) moves each round; this is round \(round)")
        case .schedule:
            // A wall clock that was set back must not hold things back until it has caught up.
            let last = question.lastMoved.flatMap { rule.schedule?.counted(from: $0, now: question.now) }
            if last != question.lastMoved { trail.countsFrom = last }
            let since = min(question.since, question.now)
            guard let due = rule.schedule?.next(after: last, since: since) else {
                return trail.refuse(terms.rule, "the schedule never comes")
            }
            if due <= question.now { return trail.allow(terms, "it has been due since \(due)") }
            return trail.wait(until: due, terms.rule, "\(artefact) moves \(rule.moment); next at \(due)")
        case .idleLink:
            let limit = rule.idleBelow?.bytes ?? 0
            if question.linkBytesPerSecond < Double(limit) {
                return trail.allow(terms, "the link is idle: it moves less than \(ByteCount(limit)) per second")
            }
            return trail.wait(
                until: question.now.advanced(by: Self.pause), terms.rule,
                "the link is busy: \(artefact) moves \(rule.moment)")
        case .threshold:
            let hasBytes = rule.threshold?.bytes.map { question.gatheredBytes >= $0.bytes } ?? false
            let hasRecords = rule.threshold?.records.map { (question.tags.records ?? 0) >= $0 } ?? false
            if hasBytes || hasRecords { return trail.allow(terms, "enough has gathered") }
            return trail.wait(
                until: question.now.advanced(by: Self.pause), terms.rule, "\(artefact) moves \(rule.moment)")
        case .never: return trail.refuse(terms.rule, "\(artefact) never moves under this rule")
        }
    }

    /// The steps of one decision.
    private struct Trail {
        private var steps: [String] = []
        var moment: SyncMoment?
        var countsFrom: Timestamp?

        mutating func note(_ step: String) { steps.append(step) }

        mutating func allow(_ terms: TransferTerms, _ reason: String) -> SyncDecision {
            decided(.allow(terms), "allowed", reason)
        }

        mutating func wait(until: Timestamp, _ rule: RuleName, _ reason: String) -> SyncDecision {
            decided(.defer(until: until, rule: rule), "held back", reason)
        }

        mutating func refuse(_ rule: RuleName, _ reason: String) -> SyncDecision {
            decided(.refuse(rule: rule, reason: reason), "refused", reason)
        }

        private mutating func decided(_ outcome: TransferDecision, _ word: String, _ reason: String) -> SyncDecision {
            steps.append("\(word): \(reason)")
            return SyncDecision(outcome: outcome, reason: reason, moment: moment, countsFrom: countsFrom, steps: steps)
        }
    }
}
