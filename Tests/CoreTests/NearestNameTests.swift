import Core
import TestKit
import Testing

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("", "", 0), ("abc", "", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "acb", 1), ("kitten", "sitting", 3),
        ("ca", "abc", 3), ("rounds", "round", 1), ("é", "e", 1),
    ])
    func knownDistances(_ left: String, _ right: String, _ distance: Int) {
        #expect(NearestName.distance(left, right) == distance)
        #expect(NearestName.distance(right, left) == distance)
    }

    @Test func suggestsOnlyWhatIsNear() {
        let names = ["rounds", "roundDeadlineSeconds", "model", "data", "seed"]
        #expect(NearestName.suggestion(for: "round", among: names) == "rounds")
        #expect(NearestName.suggestion(for: "modle", among: names) == "model")
        #expect(NearestName.suggestion(for: "round-deadline-seconds", among: names) == "roundDeadlineSeconds")
        #expect(NearestName.suggestion(for: "zebra", among: names) == nil)
        #expect(NearestName.suggestion(for: "x", among: ["y"]) == nil)
        #expect(NearestName.suggestion(for: "", among: names) == nil)
        #expect(NearestName.suggestion(for: String(repeating: "r", count: 1 << 20), among: names) == nil)
        #expect(NearestName.suggestion(for: "rounds", among: []) == nil)
    }

    @Test func tiesGoToTheFirstInTheAlphabet() {
        #expect(NearestName.suggestion(for: "cat", among: ["rat", "bat", "hat"]) == "bat")
    }

    @Test func distanceIsAMetricOnRandomWords() {
        var generator = SeededGenerator()
        func word() -> String {
            String(
                (0..<Int.random(in: 0...6, using: &generator)).map { _ in "abc".randomElement(using: &generator) ?? "a"
                })
        }
        for _ in 0..<500 {
            let (left, right) = (word(), word())
            let distance = NearestName.distance(left, right)
            #expect(distance == NearestName.distance(right, left))
            #expect((distance == 0) == (left == right))
            #expect(distance >= abs(left.count - right.count))
            #expect(distance <= max(left.count, right.count))
        }
    }
}
