import Core
import TestKit
import Testing

@testable import Datasets

@Suite struct CSVTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("csv") }

    private func load(_ text: String, name: String = "data.csv", _ change: (inout DatasetSource) -> Void = { _ in })
        throws -> LabelledData
    {
        var source = DatasetSource(path: try directory.write(name, text.utf8))
        change(&source)
        return try source.load()
    }

    @Test func theLabelIsTheLastColumnUnlessSaidOtherwise() throws {
        let data = try load("1,2,0\n3,4.5,1\n")
        #expect(data.features == [1, 2, 3, 4.5])
        #expect(data.labels == [0, 1])
        #expect(data.featureCount == 2)
        #expect(data.classCount == 2)
        let first = try load("1,2,0\n0,4.5,1\n") { $0.labelColumn = .index(0) }
        #expect(first.features == [2, 0, 4.5, 1])
        #expect(first.labels == [1, 0])
        let named = try load("a,digit,b\n1,2,3\n4,5,6\n") { $0.labelColumn = .name("digit") }
        #expect(named.features == [1, 3, 4, 6])
        #expect(named.labels == [2, 5])
    }

    @Test(arguments: [
        "1,2,0\r\n3,4,1\r\n", "1,2,0\r3,4,1", "1,2,0\n3,4,1", "\n\n1,2,0\n\n3,4,1\n\n", "\u{feff}1,2,0\n3,4,1\n",
        "a,b,label\n1,2,0\n3,4,1\n", "\"1\",\"2\",\"0\"\n\"3\", 4 ,1\n", "\"a,\"\"x\",\"b\nb\",c\n1,2,0\n3,4,1\n",
        "1.0,2e0,0\n+3,.4e1,1.0\n", "\r\n\r\n1,2,0\r\n\r\n3,4,1",
    ]) func everySpellingOfTheSameTableIsRead(text: String) throws {
        let data = try load(text)
        #expect(data.features == [1, 2, 3, 4])
        #expect(data.labels == [0, 1])
    }

    @Test func otherDelimitersAreRead() throws {
        #expect(try load("1;2;0\n3;4;1\n") { $0.delimiter = ";" }.features == [1, 2, 3, 4])
        #expect(try load("1\t2\t0\n", name: "data.tsv").features == [1, 2])
        for bad in ["", ",,", "\"", "1", "é"] {
            let error = refusal { _ = try load("1,2,0\n") { $0.delimiter = bad } }
            #expect(error?.kind == .invalidSettings, "'\(bad)'")
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var text: String
        var place: String
        var kind: DatasetError.Kind
        var words: String
        var testDescription: String { "\(place) \(words)" }
    }

    @Test(arguments: [
        Refused(text: "1,2,0\n3,nan,1\n", place: ":2:3:", kind: .invalidValue, words: "'nan'"),
        Refused(text: "1,2,0\n3,-Infinity,1\n", place: ":2:3:", kind: .invalidValue, words: "finite"),
        Refused(text: "1,2,0\n3,1e39,1\n", place: ":2:3:", kind: .invalidValue, words: "float32"),
        Refused(text: "1,2,0\n3,1e999,1\n", place: ":2:3:", kind: .invalidValue, words: "finite"),
        Refused(text: "1,2,0\n30,,1\n", place: ":2:4:", kind: .invalidValue, words: "no value"),
        Refused(text: "a,b,c\n1,2,0\n30,NA,1\n", place: ":3:4:", kind: .invalidValue, words: "(b)"),
        Refused(text: "1,2,0\n30,x,1\n", place: ":2:4:", kind: .invalidValue, words: "not a number"),
        Refused(text: "1,x,0\n30,4,1\n", place: ":1:3:", kind: .invalidValue, words: "'header'"),
        Refused(text: "1,0x10,0\n", place: ":1:3:", kind: .invalidValue, words: "not a number"),
        Refused(text: "1,2,0\n3,1\n", place: ":2:", kind: .malformed, words: "2 fields, but the first has 3"),
        Refused(text: "1,2,0\n3,4,5,1\n", place: ":2:", kind: .malformed, words: "4 fields"),
        Refused(text: "1,2,0\n3,4,1.5\n", place: ":2:5:", kind: .invalidLabel, words: "whole numbers from 0"),
        Refused(text: "1,2,0\n3,4,-1\n", place: ":2:5:", kind: .invalidLabel, words: "'-1'"),
        Refused(text: "1,2,0\n3,4,1e18\n", place: ":2:5:", kind: .invalidLabel, words: "labelColumn"),
        Refused(text: "1,2,0\n3,\"4,1\n", place: ":2:3:", kind: .malformed, words: "never closed"),
        Refused(text: "1,2,0\n3,\"4\"x,1\n", place: ":2:6:", kind: .malformed, words: "closing quote"),
        Refused(text: "", place: ":", kind: .malformed, words: "empty"),
        Refused(text: "\n\r\n", place: ":", kind: .malformed, words: "empty"),
        Refused(text: "a,b\n", place: ":", kind: .malformed, words: "behind the header"),
        Refused(text: "1\n2\n", place: ":1:", kind: .malformed, words: "delimiter"),
    ]) func badTablesAreRefusedWithTheirPlace(refused: Refused) throws {
        let error = try #require(refusal { _ = try load(refused.text) })
        #expect(error.kind == refused.kind)
        #expect(error.message.contains("data.csv\(refused.place)"), "\(error.message)")
        #expect(error.message.contains(refused.words), "\(error.message)")
    }

    @Test func labelsMustLieInTheClasses() throws {
        #expect(try load("1,0\n2,1\n") { $0.classes = 5 }.classCount == 5)
        let error = refusal { _ = try load("1,0\n2,3\n") { $0.classes = 3 } }
        #expect(error?.kind == .invalidLabel)
        #expect(error?.message.contains("label 3") == true)
    }

    @Test func columnsThatAreNotThereAreNamed() throws {
        for column in [LabelColumn.index(7), .name("nope")] {
            let error = refusal { _ = try load("a,b\n1,2\n") { $0.labelColumn = column } }
            #expect(error?.kind == .invalidSettings)
        }
        let error = refusal { _ = try load("1,2\n") { $0.labelColumn = .name("digit") } }
        #expect(error?.message.contains("no header row") == true)
    }

    @Test func rowsLongerThanAReadAreRead() throws {
        // 200,000 columns span several of the reader's chunks, and so do 30,000 rows.
        let wide = (0..<200_000).map { String($0 % 10) }.joined(separator: ",") + ",1\n"
        let data = try load(wide + wide)
        #expect(data.count == 2)
        #expect(data.features[123_457] == 7)
        let rows = (0..<30_000).map { "\($0),\($0 % 7)" }.joined(separator: "\r\n")
        let long = try load(rows)
        #expect(long.count == 30_000)
        #expect(long.features[29_999] == 29_999)
        #expect(long.labels[29_999] == Int32(29_999 % 7))
    }

    @Test func numbersAreRoundedAsTheStandardLibraryRoundsThem() {
        let seed: UInt64 = 11
        var generator = SplitMix64(seed: seed, labels: "numbers")
        for _ in 0..<5000 {
            let text: String
            switch generator.next() % 4 {
            case 0: text = "\(Double(bitPattern: generator.next()))"
            case 1: text = "\(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())))"
            case 2: text = "\(generator.next()).\(generator.next())e\(Int(generator.next() % 80) - 40)"
            default: text = "-\(generator.next() % 1000).\(generator.next() % 1_000_000)"
            }
            guard let expected = Double(text), !expected.isNaN else { continue }
            let parsed = Array(text.utf8).withUnsafeBufferPointer(NumberParser.parse)
            #expect(parsed == (expected.isFinite ? .number(expected) : .notFinite), "\(text), seed \(seed)")
        }
        for text in ["1e", "1e+", "--1", "1.2.3", "e5", ".", "+", "1_0", "1 2", "0x1p3", "١"] {
            #expect(Array(text.utf8).withUnsafeBufferPointer(NumberParser.parse) == .text, "\(text)")
        }
    }
}
