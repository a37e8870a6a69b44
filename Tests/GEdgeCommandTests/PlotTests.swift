import Contracts
import Core
import Foundation
import MessageBus
import TestKit
import Testing

@testable import GEdgeCommand

/// `gedge plot` and `gedge get rounds`.
@Suite struct PlotTests {
    /// What a picture is made of. It is XML as `gedge` writes it; that it is XML at all, Python says.
    private struct Picture {
        var elements: [(name: String, attributes: [String: String])] = []
        var texts: [String] = []

        init(_ document: String) throws {
            for tag in document.matches(of: /<([a-z]+)((?: [a-zA-Z0-9:-]+="[^"<]*")*)\/?>(?:([^<]*)<\/text>)?/) {
                let pairs = tag.2.matches(of: /([a-zA-Z0-9:-]+)="([^"]*)"/).map { (String($0.1), String($0.2)) }
                elements.append((String(tag.1), Dictionary(pairs) { first, _ in first }))
                if tag.1 == "text" { texts.append(String(tag.3 ?? "")) }
            }
            try #require(elements.first?.name == "svg")
        }

        /// The points of every line of a curve.
        var curves: [[(x: Double, y: Double)]] {
            elements.filter { $0.name == "polyline" }.map { line in
                (line.attributes["points"] ?? "").split(separator: " ").map { pair in
                    let numbers = pair.split(separator: ",").compactMap { Double($0) }
                    return (x: numbers[0], y: numbers[1])
                }
            }
        }
    }

    private func curve(_ job: String, _ accuracies: [Double?], bytes: Int = 1000) throws -> LearningCurve {
        var curve = LearningCurve(job: job)
        for (index, accuracy) in accuracies.enumerated() {
            var round = try SampleJob.round(index + 1, accuracy: accuracy)
            round.bytesToEdges = bytes
            curve.add(round)
        }
        return curve
    }

    @Test func curvesRiseWithTheirValuesWithinTheFrame() throws {
        let accuracies = [0.2, 0.5, 0.9, 0.95]
        let picture = try Picture(LearningPlot([try curve("digits", accuracies)], against: .rounds).text)
        // Accuracy, loss, and training loss dashed.
        #expect(picture.curves.count == 3)
        let points = try #require(picture.curves.first)
        #expect(points.count == 4)
        for (left, right) in zip(points, points.dropFirst()) { #expect(left.x < right.x && left.y > right.y) }
        // The same steps of accuracy are the same steps of height.
        let step = (points[0].y - points[1].y) / 0.3
        #expect(abs((points[1].y - points[2].y) / 0.4 - step) < 1)
        for element in picture.elements where element.name == "circle" {
            let (x, y) = (Double(element.attributes["cx"] ?? "") ?? -1, Double(element.attributes["cy"] ?? "") ?? -1)
            #expect((0...860).contains(x) && y > 0)
        }
        #expect(picture.texts.contains("How job digits learned") && picture.texts.contains("round"))
        #expect(picture.texts.contains("digits: round 4, accuracy 95.00%"))
    }

    /// Over bytes, the job that moves half as much is half as far.
    @Test func jobsAreComparedByWhatTheyCost() throws {
        let curves = [try curve("dear", [0.5, 0.9], bytes: 1 << 20), try curve("cheap", [0.5, 0.9], bytes: 1 << 19)]
        let picture = try Picture(LearningPlot(curves, against: .bytes).text)
        let (dear, cheap) = (picture.curves[0], picture.curves[1])
        let origin = 2 * dear[0].x - dear[1].x
        #expect(abs((cheap[1].x - origin) / (dear[1].x - origin) - 0.5) < 0.05)
        #expect(picture.texts.contains("bytes moved, both ways") && picture.texts.contains { $0.hasSuffix("MiB") })
    }

    @Test func aSingleRoundAndHostileNamesMakeAPicture() throws {
        for accuracies in [[0.5], [nil], [1.0, 1.0], [0, 0]] as [[Double?]] {
            for axis in PlotAxis.allCases {
                let text = LearningPlot([try curve("<b>&\"'\u{1b}", accuracies)], against: axis).text
                let picture = try Picture(text)
                #expect(!text.contains("<b>") && !text.contains("nan") && !text.contains("inf"))
                #expect(picture.elements.contains { $0.name == "circle" })
            }
        }
    }

    @Test(.enabled(if: Python.has("xml.etree"), "needs Python: run Tools/test"))
    func aPictureIsXML() async throws {
        let directory = try TemporaryDirectory()
        let curves = [try curve("<b>&\"'\u{1b}\u{FFFE}", [0.5, nil, 0.9]), try curve("digits", [0.1])]
        try LearningPlot(curves, against: .seconds).text.write(
            toFile: directory.file("curve.svg"), atomically: true, encoding: .utf8)
        let program = """
            import sys, xml.etree.ElementTree as tree
            print(len(list(tree.parse(sys.argv[1]).getroot())))
            """
        let count = try await Python.run(program: program, [directory.file("curve.svg")])
        #expect(try #require(Int(count.trimmingCharacters(in: .whitespacesAndNewlines))) > 20)
    }

    @Test func manyRoundsStayAFewPoints() throws {
        let curve = try curve("long", (1...20_000).map { 1 - 1 / Double($0) })
        let picture = try Picture(LearningPlot([curve], against: .rounds).text)
        #expect(picture.curves.allSatisfy { (1000...1500).contains($0.count) })
    }

    @Test(arguments: [
        (0.0, 1.0), (0.9611, 0.9722), (0.001, 0.0013), (5.0, 5.0), (-120.0, 500.0), (1.0, 20.0), (0.0, 3e-9),
    ])
    func ticksAreRoundAndSpanWhatIsDrawn(low: Double, high: Double) {
        let ticks = AxisTicks(low, high)
        #expect(ticks.range.contains(low) && ticks.range.contains(high))
        #expect((3...12).contains(ticks.values.count))
        #expect(Set(ticks.values.map(AxisTicks.text)).count == ticks.values.count)
    }

    @Test func theCommandWritesAFileOrTellsWhyNot() async throws {
        let core = try FakeCore()
        var job = SampleJob()
        job.finished = try (1...30).map { try SampleJob.round($0, accuracy: 0.9 + Double($0) / 1000) }
        job.held = 20
        var fresh = SampleJob()
        fresh.name = "fresh"
        core.serve(.trainingJob, [try job.record(), try fresh.record()])
        let rounds = job.finished
        core.bus.handle(FedLearnContract.rounds) { (request: Inbound<RoundReference>) -> RoundPage in
            RoundPage(rounds: Array(rounds.filter { $0.round > request.body.round }.prefix(7)))
        }
        try await core.serving {
            let file = core.directory.file("curve.svg")
            let run = await core.gedge("plot", "job/digits", "-o", file)
            #expect(run.code == .success)
            let picture = try Picture(try String(contentsOfFile: file, encoding: .utf8))
            #expect(picture.curves.first?.count == 30)
            let printed = await core.gedge("plot", "digits", "fresh", "--against", "seconds", "-o", "-")
            #expect(
                printed.code == .success && printed.output.hasPrefix("<svg ")
                    && printed.output.contains("fresh: no round yet"))
            #expect(await core.gedge("plot", "fresh", "-o", file).error.contains("no round is committed yet"))
            // What was there stays when nothing can be drawn.
            #expect(try Picture(try String(contentsOfFile: file, encoding: .utf8)).curves.first?.count == 30)
            #expect(await core.gedge("plot", "nobody", "-o", file).code == .notFound)
            #expect(await core.gedge("plot", "digits", "digits", "-o", file).error.contains("named twice"))
            #expect(await core.gedge("plot", "digits", "-o", "curve.png").code == .usage)

            let table = await core.gedge("get", "rounds", "job/digits")
            #expect(
                table.lines.count == 31 && table.lines[30].contains("93.00%")
                    && table.lines[30].contains("demo/digits/30"))
            let newest = await core.gedge("get", "rounds", "digits", "--limit", "2", "-o", "json")
            let read = try JSONDecoder().decode([RoundSummary].self, from: Data(newest.output.utf8))
            #expect(read.map(\.round) == [29, 30])
            #expect(await core.gedge("get", "rounds", "digits", "-o", "name").lines.first == "model/demo/digits/1")
            #expect(await core.gedge("get", "rounds").code == .usage)
            #expect(await core.gedge("get", "rounds", "digits", "--watch").code == .usage)
        }
    }
}
