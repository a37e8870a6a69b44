import Core
import Testing

/// The parts of `StrictDecoder` that documents in tests of YAML do not reach.
@Suite struct StrictDecoderTests {
    private let location = SourceLocation(source: "x")

    private func encode(_ value: some Encodable) throws -> SourceNode { try TreeEncoder().encode(value) }

    private class Base: Codable {
        var id: Int
        init(id: Int) { self.id = id }
    }

    private final class Derived: Base {
        var name: String
        private enum Keys: String, CodingKey { case name }

        init(id: Int, name: String) {
            self.name = name
            super.init(id: id)
        }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            name = try container.decode(String.self, forKey: .name)
            try super.init(from: container.superDecoder())
        }

        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(name, forKey: .name)
            try super.encode(to: container.superEncoder())
        }
    }

    /// Two key types on one mapping: `Flat` and `Inner` share its fields.
    private struct Flat: Codable, Equatable {
        struct Inner: Codable, Equatable { var b: Int }
        var a: Int
        var inner: Inner
        private enum Keys: String, CodingKey { case a }

        init(a: Int, b: Int) { (self.a, inner) = (a, Inner(b: b)) }

        init(from decoder: any Decoder) throws {
            a = try decoder.container(keyedBy: Keys.self).decode(Int.self, forKey: .a)
            inner = try Inner(from: decoder)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(a, forKey: .a)
            try inner.encode(to: encoder)
        }
    }

    private enum Shape: Codable, Equatable {
        case circle(radius: Double)
        case square(side: Double, name: String?)
    }

    private enum Either: Decodable, Equatable {
        case one(a: Int, b: Int)
        case other(a: Int, c: Int)
        private struct One: Decodable { var a, b: Int }
        private struct Other: Decodable { var a, c: Int }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                let value = try container.decode(One.self)
                self = .one(a: value.a, b: value.b)
            } catch {
                let value = try container.decode(Other.self)
                self = .other(a: value.a, c: value.c)
            }
        }
    }

    @Test func superclasses() throws {
        let back = try StrictDecoder().decode(Derived.self, from: try encode(Derived(id: 7, name: "n")))
        #expect(back.id == 7 && back.name == "n")
    }

    @Test func flattenedFields() throws {
        #expect(try StrictDecoder().decode(Flat.self, from: try encode(Flat(a: 1, b: 2))) == Flat(a: 1, b: 2))
    }

    @Test func enumerationsWithValues() throws {
        for shape in [Shape.circle(radius: 2), .square(side: 1, name: "s"), .square(side: 1, name: nil)] {
            #expect(try StrictDecoder().decode(Shape.self, from: try encode(shape)) == shape)
        }
    }

    @Test func anAttemptThatFailedLeavesNoTrace() throws {
        #expect(try StrictDecoder().decode(Either.self, from: try encode(["a": 1, "c": 2])) == .other(a: 1, c: 2))
        let error = #expect(throws: ConfigurationError.self) {
            try StrictDecoder().decode(Either.self, from: try encode(["a": 1, "c": 2, "d": 3]))
        }
        #expect(error?.code == "unknown-field")
        #expect(error?.message.contains("'d'") == true)
    }

    @Test func aTypeWithoutFieldsTakesNone() throws {
        struct Nothing: Codable {}
        _ = try StrictDecoder().decode(Nothing.self, from: try encode([String: Int]()))
        let error = #expect(throws: ConfigurationError.self) {
            try StrictDecoder().decode(Nothing.self, from: try encode(["a": 1]))
        }
        #expect(error?.message == "the program: unknown field 'a'")
    }

    @Test func validationInAnInitialiserNamesTheField() throws {
        struct Positive: Decodable {
            var list: [Int]
            private enum CodingKeys: String, CodingKey { case list }
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                list = try container.decode([Int].self, forKey: .list)
                if list.contains(where: { $0 < 0 }) {
                    throw DecodingError.dataCorruptedError(
                        forKey: .list, in: container, debugDescription: "must not be negative")
                }
            }
        }
        let error = #expect(throws: ConfigurationError.self) {
            try StrictDecoder().decode([Positive].self, from: try encode([["list": [1, -1]]]))
        }
        #expect(error?.message == "the program: '[0].list': must not be negative")
    }

    @Test func nestedContainersAndLists() throws {
        struct Nested: Codable, Equatable {
            var rows: [[Int?]]
            var table: [String: [String: Bool]]
            var pair: [Float]
            var when: Duration
        }
        let value = Nested(
            rows: [[1, nil], []], table: ["x": ["y": true], "": [:]], pair: [.infinity, 0.1], when: .milliseconds(1500))
        #expect(try StrictDecoder().decode(Nested.self, from: try encode(value)) == value)
        #expect(throws: ConfigurationError.self) {
            try StrictDecoder().decode([Float].self, from: try encode([1e300]))
        }
        struct Triple: Decodable {
            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                for _ in 0..<3 { _ = try container.decode(Int.self) }
            }
        }
        let error = #expect(throws: ConfigurationError.self) {
            try StrictDecoder().decode(Triple.self, from: try encode([1, 2]))
        }
        #expect(error?.message == "the program: the value must have more than 2 elements")
    }
}
