import Core
import Foundation
import Testing

@Suite struct NameTests {
    @Test(arguments: ["a", "0", "edge-1", "a--b", String(repeating: "x", count: 63)])
    func valid(_ text: String) throws {
        let name = try Name(text)
        #expect(name.text == text)
        #expect(try JSONDecoder().decode(Name.self, from: JSONEncoder().encode(name)) == name)
    }

    @Test(arguments: [
        "", "-a", "a-", "A", "a_b", "a.b", "a/b", "a b", "é", "a\n", "a\0", String(repeating: "x", count: 64),
    ])
    func invalid(_ text: String) throws {
        #expect(!Name.isValid(text))
        let error = #expect(throws: NameError.self) { try Name(text) }
        #expect(error?.code == "invalid-name")
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Name.self, from: JSONEncoder().encode(text)) }
    }

    @Test func aLongNameIsCutInTheMessage() {
        let error = #expect(throws: NameError.self) { try Name(String(repeating: "X", count: 10_000)) }
        #expect((error?.message.count ?? .max) < 300)
    }

    @Test func pathOfAProject() throws {
        #expect(ProjectPath(group: try Name("lab"), project: try Name("digits")).description == "lab/digits")
    }
}

@Suite struct TraceIDTests {
    @Test func writtenAs32Digits() throws {
        let id = TraceID(high: 0xab, low: 1)
        #expect(id.description == "00000000000000ab0000000000000001")
        #expect(TraceID(id.description) == id)
        #expect(TraceID(id.description.uppercased()) == id)
        #expect(try JSONDecoder().decode(TraceID.self, from: JSONEncoder().encode(id)) == id)
        #expect(TraceID.none.description == String(repeating: "0", count: 32))
    }

    @Test(arguments: [
        "", "0", String(repeating: "0", count: 33), "+" + String(repeating: "0", count: 31),
        String(repeating: "0", count: 30) + "é", String(repeating: "g", count: 32),
    ])
    func refusesOtherTexts(_ text: String) {
        #expect(TraceID(text) == nil)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(TraceID.self, from: JSONEncoder().encode(text))
        }
    }

    @Test func randomOnesDifferAndFollowTheirGenerator() {
        #expect(TraceID.random() != TraceID.random())
        var (left, right) = (SplitMix64(seed: 1), SplitMix64(seed: 1))
        #expect(TraceID.random(using: &left) == TraceID.random(using: &right))
    }
}
