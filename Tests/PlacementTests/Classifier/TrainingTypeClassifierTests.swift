import Contracts
import Testing

@testable import Placement

@Suite struct TrainingTypeClassifierTests {
    let rules: TrainingTypeRules
    let classifier: TrainingTypeClassifier

    init() throws {
        rules = try TrainingTypeRules.shipped()
        classifier = TrainingTypeClassifier(rules)
    }

    @Test(arguments: TrainingType.allCases) func whatTheJobDeclaresWins(_ type: TrainingType) {
        let named = classifier.classify(ClassifierFacts(declaredType: type, holders: 3, hasEnvironment: true))
        #expect(named.type == type && named.rule == "declared" && named.reason == "the job declares it")
    }

    /// Facts that make each shipped rule fire, and what the explanation names.
    static let examples: [(rule: String, type: TrainingType, facts: ClassifierFacts, word: String)] = [
        (
            "environment", .reinforcement, ClassifierFacts(holders: 2, hasEnvironment: true, hasBaseModel: true),
            "hasEnvironment is true"
        ),
        ("base-model", .transfer, ClassifierFacts(holders: 2, hasBaseModel: true), "hasBaseModel is true"),
        (
            "data-must-stay", .federated, ClassifierFacts(holders: 3, mayMove: true, isSharingForbidden: true),
            "isSharingForbidden is true"
        ),
        ("no-rule-lets-data-move", .federated, ClassifierFacts(holders: 3), "holders 3 is at least 1"),
        ("data-at-core", .centralised, ClassifierFacts(holders: 0, isAtCore: true), "isAtCore is true"),
        ("one-place", .centralised, ClassifierFacts(holders: 1, mayMove: true), "places 1 is at most 1"),
        (
            "gathering-is-cheaper", .centralised,
            ClassifierFacts(holders: 2, mayMove: true, modelBytes: 1000, dataBytes: 2000, rounds: 10),
            "gatherBytes 1000 is below roundBytes 40000"
        ),
        (
            "rounds-are-cheaper", .federated,
            ClassifierFacts(holders: 2, mayMove: true, modelBytes: 1000, dataBytes: 1_000_000, rounds: 10),
            "gatherBytes 500000 is at least roundBytes 40000"
        ),
        ("default", .federated, ClassifierFacts(holders: 2, mayMove: true), "no other rule fits"),
    ]

    @Test(arguments: examples.indices) func eachRuleFiresOnItsFactsAndSaysSo(_ index: Int) {
        let example = Self.examples[index]
        let named = classifier.classify(example.facts)
        #expect(named.rule == example.rule && named.type == example.type)
        #expect(named.reason.contains(example.word), "\(named.reason)")
        #expect(named.weights == rules.weights(of: example.type))
    }

    @Test func everyRuleHasAnExampleAndEveryTypeIsNamed() {
        #expect(Self.examples.map(\.rule) == rules.rules.map(\.name))
        #expect(Set(Self.examples.map(\.type)) == Set(TrainingType.allCases))
    }

    /// The rules divide up the facts: their order means nothing but for the default.
    @Test func noTwoShippedRulesFitTheSameFacts() {
        let truths = [false, true]
        var fired: Set<String> = []
        for holders in 0...3 {
            for bits in 0..<32 {
                for sizes in [(nil, nil), (1.0, 5.0), (1e3, 1e9), (1e9, 1e3)] as [(Double?, Double?)] {
                    let facts = ClassifierFacts(
                        holders: holders, isAtCore: truths[bits & 1], mayMove: truths[bits >> 1 & 1],
                        isSharingForbidden: truths[bits >> 2 & 1], hasEnvironment: truths[bits >> 3 & 1],
                        hasBaseModel: truths[bits >> 4 & 1], modelBytes: sizes.0, dataBytes: sizes.1, rounds: 10)
                    let fitting = rules.rules.dropLast().filter { facts.satisfies($0) }.map(\.name)
                    #expect(fitting.count <= 1, "\(fitting) all fit \(facts)")
                    fired.insert(classifier.classify(facts).rule)
                }
            }
        }
        #expect(fired == Set(rules.rules.map(\.name)))
    }

    /// Data that must stay never moves, whatever it would save.
    @Test func dataThatMustStayIsNeverCentralised() {
        for holders in 1...4 {
            for (mayMove, isForbidden) in [(false, false), (false, true), (true, true)] {
                let facts = ClassifierFacts(
                    holders: holders, isAtCore: true, mayMove: mayMove, isSharingForbidden: isForbidden,
                    modelBytes: 1e12, dataBytes: 1, rounds: 1e6)
                #expect(classifier.classify(facts).type == .federated)
            }
        }
    }
}
