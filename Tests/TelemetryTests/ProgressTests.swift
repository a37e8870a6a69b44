import Synchronization
import Testing

@testable import Telemetry

@Suite struct ProgressTests {
    private final class Screen: ProgressScreen {
        let lines = Mutex<[(String, Bool)]>([])
        var width: Int { 60 }
        func draw(_ line: String, isFinal: Bool) { lines.withLock { $0.append((line, isFinal)) } }
    }

    private final class Time: Sendable {
        let elapsed = Mutex(Duration.zero)
        var now: Duration { elapsed.withLock { $0 } }
    }

    @Test func showsAmountsRateAndTimeLeft() {
        let line = ProgressLine(
            label: "upload", done: 32 << 20, total: 64 << 20, unit: .bytes, elapsed: .seconds(4), note: "edge a")
        #expect(line.remaining == .seconds(4))
        #expect(
            line.text(width: 100, fancy: false)
                == "upload  [==================>                  ]  50%  32.0 MiB/64.0 MiB  8.0 MiB/s  ETA 4.0s  edge a"
        )
    }

    @Test func neverWiderThanTheTerminal() {
        let line = ProgressLine(
            label: "round", done: 3, total: 20, unit: .items("rounds"), elapsed: .seconds(90), note: "accuracy 0.93")
        for width in 0...200 {
            #expect(line.text(width: width).count <= max(width, 0))
            #expect(line.text(width: width, fancy: false).count <= width)
        }
        #expect(line.text(width: 200).contains("3/20 rounds"))
        #expect(line.text(width: 200).contains("ETA 8m30s"))
    }

    @Test func barsFillUp() {
        #expect(ProgressLine.bar(0, cells: 4, fancy: false) == "[>   ]")
        #expect(ProgressLine.bar(1, cells: 4, fancy: false) == "[====]")
        #expect(ProgressLine.bar(0, cells: 4, fancy: true) == "▕    ▏")
        #expect(ProgressLine.bar(0.375, cells: 4, fancy: true) == "▕█▌  ▏")
        #expect(ProgressLine.bar(1, cells: 4, fancy: true) == "▕████▏")
        for step in 0...1000 {
            #expect(ProgressLine.bar(Double(step) / 1000, cells: 7, fancy: true).count == 9)
            #expect(ProgressLine.bar(Double(step) / 1000, cells: 7, fancy: false).count == 9)
        }
    }

    @Test func oddAmountsDoNoHarm() {
        for (done, total) in [(0, 0), (5, 0), (-1, 10), (20, 10), (Int.max, 1), (1, Int.max)] as [(Int, Int?)] {
            for elapsed in [Duration.zero, .nanoseconds(1), .seconds(1 << 40)] {
                for unit in [ProgressLine.Unit.bytes, .items("")] {
                    let line = ProgressLine(label: "x", done: done, total: total, unit: unit, elapsed: elapsed)
                    #expect(!line.text(width: 80).isEmpty)
                }
            }
        }
        let open = ProgressLine(label: "x", done: 7, total: nil, unit: .items("samples"), elapsed: .seconds(2))
        #expect(open.fraction == nil && open.remaining == nil)
        #expect(open.text(width: 80) == "x  7 samples  3.5/s")
    }

    @Test func drawsTenTimesASecondAtMostAndEndsOnce() {
        let screen = Screen()
        let time = Time()
        let reporter = ProgressReporter(
            "load", total: 100, unit: .items(""), screen: screen, elapsed: { time.now })
        for step in 1...100 {
            time.elapsed.withLock { $0 = .milliseconds(10 * step) }
            reporter.advance()
        }
        #expect(screen.lines.withLock { $0.count } == 10)
        reporter.finish(note: "done")
        reporter.finish()
        reporter.advance()
        let lines = screen.lines.withLock { $0 }
        #expect(lines.count == 11)
        #expect(lines.last?.1 == true)
        #expect(lines.last?.0.contains("100%") == true)
        #expect(lines.last?.0.hasSuffix("done") == true)
    }

    @Test func silentWithoutATerminal() {
        let reporter = ProgressReporter("x", total: 1, unit: .bytes, screen: nil, elapsed: { .zero })
        reporter.advance()
        reporter.set(done: 1, total: 2, note: "n")
        reporter.finish()
    }
}
