import Contracts
import Core
import Foundation
import TestKit
import Testing

@testable import GEdgeCommand

struct MapTests {
    private static let counts = Array(0...60) + [100, 150, 200, 333]

    @Test(arguments: counts) func nothingOfAMapOverlapsAndAllOfItIsOnThePicture(_ count: Int) {
        let layout = MapLayout(edges: count)
        #expect(layout.places.count == count)
        let rects =
            [layout.title, layout.core, layout.legend] + layout.places.flatMap { [$0.box, $0.label] }
        for (index, rect) in rects.enumerated() {
            #expect(rect.x >= 0 && rect.y >= 0 && rect.right <= layout.width && rect.bottom <= layout.height)
            for other in rects[(index + 1)...] { #expect(!rect.overlaps(other), "\(count): \(rect) and \(other)") }
        }
    }

    @Test func aMapOfThirtyEdgesFitsAScreenAndOneOfTwoHundredAWall() {
        #expect(MapLayout(edges: 3).width <= 1100)
        #expect(MapLayout(edges: 30).width <= 2000 && MapLayout(edges: 30).height <= 1400)
        #expect(MapLayout(edges: 200).width <= 4000 && MapLayout(edges: 200).height <= 2400)
    }

    @Test func edgesStandAroundTheCore() {
        let layout = MapLayout(edges: 8)
        #expect(layout.places.contains { $0.box.bottom < layout.core.y })
        #expect(layout.places.contains { $0.box.y > layout.core.bottom })
        #expect(layout.places.contains { $0.box.right < layout.core.x })
        #expect(layout.places.contains { $0.box.x > layout.core.right })
    }

    /// Checked by the parser of Python's standard library, which knows nothing of this one's writer.
    @Test(.enabled(if: Python.has("xml.etree"), "needs Python: run Tools/test"), arguments: [0, 1, 3, 30, 200])
    func aMapIsWellFormedAndSaysWhatItKnows(_ count: Int) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("map.svg")
        let text = SVGMap(TopologyView(try SampleTopology(count: count).snapshot())).text
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let program = """
            import sys, xml.etree.ElementTree as tree
            name = lambda tag: "{http://www.w3.org/2000/svg}" + tag
            root = tree.parse(sys.argv[1]).getroot()
            assert root.tag == name("svg"), root.tag
            texts = ["".join(item.itertext()) for item in root.iter(name("text"))]
            print(len(list(root.iter(name("g")))), sum(text.startswith("edge-") for text in texts))
            print(sum(line.get("stroke-dasharray") == "7 5" for line in root.findall(name("line"))))
            print("\\n".join(texts))
            """
        let lines = try await Python.run(program: program, [path]).split(separator: "\n").map(String.init)
        #expect(lines[0] == "\(count) \(count)")
        // Those that were lost, the one that was never measured, and one of the legend.
        let stale = (0..<count).count { $0 % 7 == 3 || $0 == 4 }
        #expect(lines[1] == "\(stale + 1)")
        #expect(lines.contains("GEdge topology"))
        if count >= 3 {
            #expect(lines.contains("0.400 ms  ↓1.2M  ↑600k"))
            #expect(lines.contains("2.00 ms  ↓812M  ↑406M  5% lost"))
            #expect(lines.contains { $0.hasPrefix("Ready (cordoned)") })
        }
        if count >= 5 { #expect(lines.contains("not measured") && lines.contains { $0.hasPrefix("Lost") }) }
    }

    @Test func aLinkWhoseBandwidthNobodyKnowsIsDotted() throws {
        var snapshot = try SampleTopology(count: 3).snapshot()
        func dotted(_ snapshot: TopologySnapshot) -> Int {
            SVGMap(TopologyView(snapshot)).text.components(separatedBy: "stroke-dasharray=\"2 4\"").count - 1
        }
        // The legend's.
        #expect(dotted(snapshot) == 1)
        for index in snapshot.links.indices where snapshot.links[index].from != PeerID("edge-2") {
            snapshot.links[index].bytesPerSecond = nil
        }
        // Of edge-2 one direction is known. The link between edges is dotted as well.
        #expect(dotted(snapshot) == 4)
        #expect(SVGMap(TopologyView(snapshot)).text.contains(">bandwidth not measured<"))
        #expect(DotMap.text(TopologyView(snapshot)).contains("style=dotted"))
    }

    @Test func textOfOthersCannotLeaveItsPlaceInTheDocument() {
        #expect(
            SVGText.escaped("<script>&'\"\u{1}\n") == "&lt;script&gt;&amp;&#39;&quot;\u{FFFD} ")
        #expect(SVGText.element("a", [("b", "\"><c")]) == "<a b=\"&quot;&gt;&lt;c\"/>")
    }

    @Test func whatCarriesMoreIsDrawnWider() {
        let rates: [Double?] = [nil, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e12]
        let widths = rates.map(SVGMap.width)
        #expect(widths == widths.sorted())
        #expect(widths.first == 1 && widths.last == 8)
    }

    @Test func graphvizGetsEveryLink() throws {
        let text = DotMap.text(TopologyView(try SampleTopology(count: 4).snapshot()))
        #expect(text.contains("\"core\" -> \"edge-1\" [label=\"0.400 ms\\n1.2 MB/s\"];"))
        #expect(text.contains("\"edge-4\" -> \"core\" [label=\"4.00 ms\\n625 MB/s\", style=dashed];"))
        #expect(text.contains("\"edge-1\" -> \"edge-3\""))
        #expect(text.contains("\"edge-2\" [label=\"edge-2\\nReady (cordoned)\"];"))
    }
}
