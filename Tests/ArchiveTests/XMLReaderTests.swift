@testable import DataSync
import TestKit
import Testing

struct XMLReaderTests {
    private func read(_ text: String) throws -> XMLElement {
        try Array(text.utf8).withUnsafeBytes { try XMLReader.read($0) }
    }

    @Test func anAnswerIsRead() throws {
        let root = try read(
            """
            \u{feff}<?xml version="1.0" encoding="UTF-8"?>
            <!-- a <list> -->
            <s:List xmlns:s="http://x/" a='>'><Key>a&amp;b &#x20AC;&#65;<![CDATA[<c>]]></Key><Empty/><Key>2</Key ></s:List>

            """)
        #expect(root.name == "List")
        #expect(root.all("Key").map(\.text) == ["a&b €A<c>", "2"])
        #expect(root["Empty"]?.text == "" && root["None"] == nil)
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "<a><b></a></b>", "<a/><b/>", "<a/>text", "<a b></a>", "<a b=c></a>",
        "<a b=\"></a>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a>&b;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&amp</a>",
        "<a><?php ?></a>", "<a><!ELEMENT b></a>", "<a>\u{1}</a>", "<1a></1a>", "< a></a>", "<a><!-- </a>",
        "<a><![CDATA[</a>",
        "<a\u{0}b/>", "<?xml version=\"1.0\"",
    ])
    func whatIsNotWellFormedIsRefused(_ text: String) {
        #expect(throws: XMLReader.Malformed.self) { try read(text) }
    }

    @Test func bytesThatAreNoTextAreRefused() {
        let bytes: [UInt8] = Array("<a>".utf8) + [0xff, 0xfe] + Array("</a>".utf8)
        #expect(throws: XMLReader.Malformed.self) { try bytes.withUnsafeBytes { try XMLReader.read($0) } }
    }

    @Test func sizesAreBounded() {
        let deep = String(repeating: "<a>", count: 100_000)
        #expect(throws: XMLReader.Malformed.self) { try read(deep) }
        let wide = "<a>" + String(repeating: "<b/>", count: 60_000) + "</a>"
        #expect(throws: XMLReader.Malformed.self) { try read(wide) }
        let long = "<a>" + String(repeating: "x", count: 5 << 20) + "</a>"
        #expect(throws: XMLReader.Malformed.self) { try read(long) }
    }

    @Test func mutatedAnswersNeverHarm() {
        let sound = Array(
            """
            <?xml version="1.0"?><L xmlns="x"><C><Key>a&amp;b</Key><Size>12</Size></C><!--c--><T><![CDATA[x]]></T></L>
            """.utf8)
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                switch Int.random(in: 0...2, using: &generator) {
                case 0:
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: Int.random(in: 0..<bytes.count, using: &generator))
                default:
                    bytes.insert(
                        "<>&;/!?[]\"'".utf8.randomElement(using: &generator) ?? 0,
                        at: Int.random(in: 0...bytes.count, using: &generator))
                }
            }
            // Either it is refused or read; only a crash or a hang would fail.
            if (try? bytes.withUnsafeBytes({ try XMLReader.read($0) })) != nil { accepted += 1 }
        }
        #expect(accepted > 0 && accepted < 20_000, "seed \(seed)")
    }
}
