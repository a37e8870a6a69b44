import Contracts
import Core
import TestKit
import Testing

@testable import Placement

@Suite struct TrainingTypeRulesTests {
    static let weights =
        #""weights":{"federated":{"model":1,"data":0},"transfer":{"model":1,"data":1},"#
        + #""reinforcement":{"model":1,"data":1},"centralised":{"model":0,"data":1}}"#
    static let last = #"{"name":"rest","type":"federated","when":[],"reason":"it is so"}"#

    static func document(_ rules: String, weights: String = Self.weights) -> [UInt8] {
        Array(#"{"format":"gedge-training-types/1",\#(weights),"rules":[\#(rules)]}"#.utf8)
    }

    static func rule(_ name: String, when: String, type: String = "transfer") -> String {
        #"{"name":"\#(name)","type":"\#(type)","when":[\#(when)],"reason":"it is so"}"#
    }

    @Test func anOperatorsRulesReplaceTheShippedOnes() throws {
        let own = Self.rule("small", when: #"{"fact":"modelBytes","below":10}"#, type: "centralised")
        let classifier = TrainingTypeClassifier(try TrainingTypeRules(json: Self.document("\(own),\(Self.last)")))
        #expect(classifier.classify(ClassifierFacts(holders: 3, modelBytes: 9)).rule == "small")
        #expect(classifier.classify(ClassifierFacts(holders: 3, modelBytes: 10)).rule == "rest")
        // What nobody knows fits nothing.
        #expect(classifier.classify(ClassifierFacts(holders: 3)).rule == "rest")
    }

    static let wrong: [(document: [UInt8], place: String)] = [
        (document("\(rule("a", when: #"{"fact":"phase","is":true}"#)),\(last)"), "rules[0].when[0].fact: 'phase'"),
        (document("\(rule("a", when: #"{"fact":"holders","over":1}"#)),\(last)"), "there is no field 'over'"),
        (document("\(rule("a", when: #"{"fact":"holders","is":true}"#)),\(last)"), "'holders' is a number"),
        (document("\(rule("a", when: #"{"fact":"mayMove","below":1}"#)),\(last)"), "'mayMove' is true or false"),
        (document("\(rule("a", when: #"{"fact":"holders","below":"mayMove"}"#)),\(last)"), "no number"),
        (document("\(rule("a", when: #"{"fact":"holders","below":"x"}"#)),\(last)"), "'x' is given"),
        (document("\(rule("a", when: #"{"fact":"holders"}"#)),\(last)"), "one comparison"),
        (document("\(rule("a", when: #"{"is":true}"#)),\(last)"), "a 'fact'"),
        (document("\(rule("a", when: #"{"fact":"holders","below":2,"above":1}"#)),\(last)"), "make two of it"),
        (document("\(rule("a", when: #"{"fact":"mayMove","is":1}"#)),\(last)"), "true or false is expected"),
        (document("\(rule("a", when: "", type: "magic")),\(last)"), "'magic' is given"),
        (document("\(rule("a", when: "")),\(last)"), "never reached"),
        (document(rule("a", when: #"{"fact":"mayMove","is":true}"#)), "no conditions"),
        (document(""), "no conditions"),
        (document("\(last),\(last)"), "two rules have the name 'rest'"),
        (document(#"{"name":"a","type":"transfer","when":[]}"#), "'reason' is missing"),
        (document(#"{"name":"a","type":"transfer","when":[],"reason":"r","note":1}"#), "there is no field 'note'"),
        (document(last, weights: #""weights":{}"#), "'weights' has no entry 'federated'"),
        (document(last, weights: #""weights":{"federated":{"model":-1,"data":0}}"#), "-1.0 is given"),
        (document(last, weights: #""weights":{"fed":{"model":1,"data":0}}"#), "there is no field 'fed'"),
        (Array(#"{"format":"gedge-training-types/2","weights":{},"rules":[]}"#.utf8), "format"),
        (Array("{}".utf8), "'format' is missing"), (Array("[]".utf8), "an object is expected"), ([], "ends"),
    ]

    @Test(arguments: wrong.indices) func aWrongFileIsRefusedWithItsPlace(_ index: Int) {
        let error = #expect(throws: PlacementError.self) { try TrainingTypeRules(json: Self.wrong[index].document) }
        #expect(error?.message.contains(Self.wrong[index].place) == true, "\(error?.message ?? "no error")")
    }

    /// Bytes changed at random: an error or rules, never a crash.
    @Test func damagedFilesDoNoHarm() throws {
        var generator = SeededGenerator()
        let whole = PackageResources.training_types_json
        for _ in 0..<2_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) {
                bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
            }
            do throws(PlacementError) {
                let classifier = TrainingTypeClassifier(try TrainingTypeRules(json: bytes))
                #expect(!classifier.classify(ClassifierFacts(holders: 2)).rule.isEmpty)
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }
}
