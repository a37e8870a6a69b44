import Contracts
import Core
import Foundation
import TestKit
import Testing

@testable import MessageBus

/// The bus's JSON against Foundation's, which is the oracle.
@Suite struct BodyCodingTests {
    private struct Leaf: Codable, Hashable {
        var flag: Bool
        var small: Int8
        var large: UInt64
        var negative: Int64
        var real: Double
        var short: Float
        var text: String
        var bytes: Data
        var nothing: String?
        var something: Int?
    }

    private indirect enum Tree: Codable, Hashable {
        case leaf(Leaf)
        case list([Tree])
        case named([String: Tree])
        case numbered([Int: String])
        case pair(left: Tree, right: Tree?)
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        let alphabet = Array("aZ09 \"\\/\n\r\t\u{0}\u{1}\u{1f}\u{7f}äß€漢😀🇰🇷")
        return String(
            (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            })
    }

    private static func leaf(_ generator: inout SeededGenerator) -> Leaf {
        let reals: [Double] = [
            0, -0.0, 1, -1.5, 0.1, 1e-300, .leastNonzeroMagnitude, 1.7976931348623157e308, 1e16, 123_456_789.125, .pi,
            Double(bitPattern: UInt64.random(in: 0..<0x7ff0_0000_0000_0000, using: &generator)),
        ]
        return Leaf(
            flag: Bool.random(using: &generator), small: Int8.random(in: .min ... .max, using: &generator),
            large: UInt64.random(in: .min ... .max, using: &generator),
            negative: [Int64.min, -1, 0, Int64.max].randomElement(using: &generator) ?? 0,
            real: reals.randomElement(using: &generator) ?? 0,
            short: Float(bitPattern: UInt32.random(in: 0..<0x7f80_0000, using: &generator)), text: text(&generator),
            bytes: Data(
                (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                    UInt8.random(in: .min ... .max, using: &generator)
                }), nothing: nil,
            something: Bool.random(using: &generator) ? Int.random(in: -9...9, using: &generator) : nil)
    }

    private static func tree(
        _ depth: Int, withNumberedKeys: Bool = true, _ generator: inout SeededGenerator
    ) -> Tree {
        let count = Int.random(in: 0...(depth == 0 ? 40 : 3), using: &generator)
        switch depth > 4 ? 0 : Int.random(in: 0...4, using: &generator) {
        case 1: return .list((0..<count).map { _ in tree(depth + 1, withNumberedKeys: withNumberedKeys, &generator) })
        case 2:
            return .named(
                Dictionary(
                    (0..<count).map { _ in
                        (text(&generator), tree(depth + 1, withNumberedKeys: withNumberedKeys, &generator))
                    }
                ) { first, _ in first
                })
        case 3 where withNumberedKeys:
            return .numbered(
                Dictionary((0..<count).map { ($0 * 7, text(&generator)) }) { first, _ in first })
        case 4:
            return .pair(
                left: tree(depth + 1, withNumberedKeys: withNumberedKeys, &generator),
                right: Bool.random(using: &generator)
                    ? tree(depth + 1, withNumberedKeys: withNumberedKeys, &generator) : nil)
        default: return .leaf(leaf(&generator))
        }
    }

    @Test func whatEitherWritesTheOtherReads() async throws {
        var generator = SeededGenerator()
        for _ in 0..<150 {
            // The other tests share these threads.
            await Task.yield()
            let value = Self.tree(0, &generator)
            let ours = Data(try BodyEncoder.encode(value))
            let theirs = try JSONEncoder().encode(value)
            #expect(try JSONDecoder().decode(Tree.self, from: ours) == value)
            #expect(try BodyDecoder.decode(Tree.self, from: theirs) == value)
            #expect(try BodyDecoder.decode(Tree.self, from: ours) == value)
        }
    }

    /// A whole number with an exponent is taken where a float64 is exact, and never rounded.
    @Test func wholeNumbersWithExponentsAreExactOrRefused() throws {
        #expect(try BodyDecoder.decode([Int].self, from: Data("[25e1, 9007199254740992.0]".utf8)) == [250, 1 << 53])
        #expect(throws: (any Error).self) {
            try BodyDecoder.decode([Int].self, from: Data("[5.3275753239590172e17]".utf8))
        }
    }

    /// Why Foundation refuses `text`.
    private static func reason(_ text: Data) -> String {
        do {
            _ = try JSONDecoder().decode(Tree.self, from: text)
            return "accepted"
        } catch { return "\(error)" }
    }

    /// Broken texts: never a crash, and never accepted where Foundation refuses.
    @Test func brokenTextsAreRefusedLikeFoundationRefusesThem() async throws {
        var generator = SeededGenerator()
        var refused = 0
        for _ in 0..<500 {
            await Task.yield()
            // Of keys such as "7" and "07", which name the same number, either may win.
            var bytes = try BodyEncoder.encode(Self.tree(1, withNumberedKeys: false, &generator))
            for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes.remove(at: place)
                case 1: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
                default: bytes.insert(Array("{}[]\",:0e-.\\u".utf8).randomElement(using: &generator) ?? 0, at: place)
                }
            }
            let text = Data(bytes)
            let ours = try? BodyDecoder.decode(Tree.self, from: text)
            let theirs = try? JSONDecoder().decode(Tree.self, from: text)
            if ours == nil { refused += 1 }
            if let ours, let theirs { #expect(ours == theirs) }
            // Foundation takes a few texts that RFC 8259 does not; the reverse is a defect. But for numbers that are too small
            // for their type: those are no JSON to Foundation, and zero to us as to everybody else.
            let isTiny = String(decoding: bytes, as: UTF8.self).contains(/[eE]-0*(?:[3-9][0-9]|[1-9][0-9]{2,})/)
            #expect(
                ours == nil || theirs != nil || isTiny,
                "accepted: \(String(decoding: bytes, as: UTF8.self)) \(Self.reason(text))"
            )
        }
        #expect(refused > 50)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "01", "1.", ".5", "+1", "1e", "--1", "tru",
        "nulls",
        "\"\u{1}\"", "\"\\x\"", "\"\\u12g4\"", "\"", "[1 2]", "1 1", "'a'", "[", "\u{feff}1", "NaN", "Infinity",
    ])
    func whatIsNoJSONIsRefused(_ text: String) {
        #expect(throws: DecodingError.self) { try BodyDecoder.decode(JSONValue.self, from: Data(text.utf8)) }
    }

    @Test(arguments: [
        ("\"\\u00e4\\ud83d\\ude00\\/\\b\\f\"", "ä😀/\u{8}\u{c}"), ("\"\\\\\\\"\"", "\\\""), ("\"\"", ""),
    ])
    func escapesAreRead(_ text: String, _ expected: String) throws {
        #expect(try BodyDecoder.decode(String.self, from: Data(text.utf8)) == expected)
    }

    @Test(arguments: ["\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83dx\"", "\"\\ud83d\\u0041\""])
    func halfAPairIsRefused(_ text: String) {
        #expect(throws: DecodingError.self) { try BodyDecoder.decode(String.self, from: Data(text.utf8)) }
    }

    @Test func invalidUTF8IsRefused() {
        for bytes: [UInt8] in [[0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]] {
            #expect(throws: DecodingError.self) { try BodyDecoder.decode(String.self, from: Data(bytes)) }
        }
    }

    @Test func numbersThatDoNotFitAreRefused() throws {
        func decode<Number: Decodable>(_ text: String, _ type: Number.Type) throws -> Number {
            try BodyDecoder.decode(type, from: Data(text.utf8))
        }
        #expect(try decode("-128", Int8.self) == -128)
        #expect(try decode("18446744073709551615", UInt64.self) == .max)
        #expect(try decode("-9223372036854775808", Int64.self) == .min)
        #expect(try decode("3.0", Int.self) == 3)
        #expect(try decode("2e3", Int.self) == 2000)
        #expect(throws: DecodingError.self) { try decode("-129", Int8.self) }
        #expect(throws: DecodingError.self) { try decode("-1", UInt.self) }
        #expect(throws: DecodingError.self) { try decode("18446744073709551616", UInt64.self) }
        #expect(throws: DecodingError.self) { try decode("1.5", Int.self) }
        #expect(throws: DecodingError.self) { try decode("1e999", Double.self) }
        #expect(throws: DecodingError.self) { try decode("\"1\"", Int.self) }
    }

    @Test func deepAndWideTextsCostNoMoreThanTheirSize() throws {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(throws: DecodingError.self) { try BodyDecoder.decode(JSONValue.self, from: Data(deep.utf8)) }
        let wide = "{" + (0..<50_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        let values = try BodyDecoder.decode([String: Int].self, from: Data(wide.utf8))
        #expect(values.count == 50_000 && values["k49999"] == 49_999)
    }

    @Test func errorsSayWhere() {
        struct Inner: Codable { var count: Int }
        struct Outer: Codable { var items: [Inner] }
        let text = Data(#"{"items":[{"count":1},{"count":"two"}]}"#.utf8)
        do {
            _ = try BodyDecoder.decode(Outer.self, from: text)
            Issue.record("it was accepted")
        } catch DecodingError.typeMismatch(_, let context) {
            #expect(context.codingPath.map(\.stringValue) == ["items", "[1]", "count"])
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func everyContractIsReadAsItWasWritten() throws {
        let record = ResourceRecord(
            kind: .trainingJob, metadata: ResourceMetadata(name: "digits", created: Timestamp(milliseconds: 5)),
            spec: .object([
                "rounds": .integer(3), "rate": .number(0.5), "tags": .array([.string("a"), .null, .bool(true)]),
            ]),
            status: .null)
        let bytes = try BodyEncoder.encode(record)
        #expect(try BodyDecoder.decode(ResourceRecord.self, from: Data(bytes)) == record)
        #expect(try JSONDecoder().decode(ResourceRecord.self, from: Data(bytes)) == record)
    }
}
