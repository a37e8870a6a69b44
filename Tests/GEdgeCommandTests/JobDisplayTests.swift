import Contracts
import Foundation
import Testing

@testable import GEdgeCommand

struct JobDisplayTests {
    private static let plain = Palette(isColored: false, isUnicode: true)

    /// What stands on the screen after each of `records`, one second apart.
    private func screens(_ records: [ResourceRecord], width: Int = 100, height: Int = 40) throws -> [[String]] {
        var display = JobDisplay(palette: Self.plain, width: width, height: height)
        var screen = Screen()
        var result: [[String]] = []
        for (second, record) in records.enumerated() {
            screen.apply(display.show(try JobView(record), at: .seconds(second)))
            screen.apply(display.tick(at: .milliseconds(1000 * Int64(second) + 500), width: width))
            result.append(screen.lines)
        }
        #expect(screen.unknown.isEmpty)
        return result
    }

    @Test func drawsAJobFromItsFirstRoundToItsLast() throws {
        let screens = try screens(try SampleJob.life())
        let header = "job/digits · demo/digits · federated · edges edge-1, edge-2, edge-3"
        #expect(screens[0] == [header, " ░░░░░░░░░░░░░░░░░░░░░░░░░ 0/3 · Running"])
        #expect(
            screens[3] == [
                header,
                "round  accuracy     loss   to edges  from edges       time  edges",
                "    1    87.22%   0.1278   31.2 KiB    31.2 KiB      800ms  3/3",
                " ████████░░░░░░░░░░░░░░░░░ 1/3 · round 2: training, 1 of 3 updates · 500ms · about 1.1s left",
            ])
        #expect(
            screens[6] == [
                header,
                "round  accuracy     loss   to edges  from edges       time  edges",
                "    1    87.22%   0.1278   31.2 KiB    31.2 KiB      800ms  3/3",
                "    2    93.05%   0.0695   31.2 KiB    20.8 KiB       2.4s  2/3  without edge-2: no update before the deadline",
                "    3    96.11%   0.0389   31.2 KiB    31.2 KiB      800ms  3/3",
                "Succeeded after 3 rounds in 4.5s",
                "  accuracy  96.11% (trained centrally: 96.39%)",
                "  moved     93.6 KiB to the edges, 83.2 KiB back",
                "  model     model/demo/digits/3",
            ])
    }

    @Test func saysWhyAJobFailed() throws {
        let job = SampleJob(phase: .failed, message: "no edge has the data set 'digits'")
        let screen = try screens([try job.record()])[0]
        #expect(screen.last == "Failed after 0 rounds: no edge has the data set 'digits'")
    }

    @Test func liveLinesNeverWrap() throws {
        for width in [20, 40, 60] {
            var display = JobDisplay(palette: Self.plain, width: width, height: 40)
            var screen = Screen()
            for record in try SampleJob.life().dropLast() {
                screen.apply(display.show(try JobView(record), at: .zero))
                let live = try #require(screen.lines.last)
                #expect(TextWidth.columns(live) <= width, "\(live)")
            }
        }
    }

    @Test func anInterruptionIsShownUntilTheJobIsHeardOfAgain() throws {
        let records = try SampleJob.life()
        var display = JobDisplay(palette: Self.plain, width: 80, height: 40)
        var screen = Screen()
        screen.apply(display.show(try JobView(records[1]), at: .zero))
        let before = screen.lines
        screen.apply(display.interrupt("The core went away; waiting for it.", at: .zero))
        #expect(screen.lines == before + [" The core went away; waiting for it."])
        screen.apply(display.show(try JobView(records[1]), at: .zero))
        #expect(screen.lines == before)
    }

    @Test func alreadyFinishedRoundsAreNotDrawnByTheThousand() throws {
        let rounds = try (1...1000).map { try SampleJob.round($0, accuracy: 0.5) }
        let job = SampleJob(rounds: 2000, finished: rounds)
        let screen = try screens([try job.record()], height: 20)[0]
        #expect(screen.count < 20)
        #expect(screen.contains("  ...  988 earlier rounds: gedge get job/digits -o json"))
    }

    @Test func wordsForProgramsStayTheSame() throws {
        let round = try SampleJob.round(2, accuracy: 0.9305, seconds: 2.4, absent: [("edge-2", "late")])
        #expect(
            RoundLine.words(round, job: "digits", of: 3)
                == "job/digits round=2/3 accuracy=0.9305 loss=0.0695 seconds=2.400 bytesToEdges=31950 bytesFromEdges=21300 "
                + "contributors=edge-1,edge-3 absent=edge-2")
    }

    @Test func aCompressedRoundTellsWhatItWouldHaveSent() throws {
        var round = try SampleJob.round(2, accuracy: 0.9305, seconds: 2.4)
        let whole = 4 * round.bytesFromEdges
        round.compression = RoundCompression(sent: CompressionSpec(kind: .int8), wholeBytes: whole)
        #expect(RoundLine.words(round, job: "digits", of: 3).contains(" wholeBytes=\(whole) "))
        #expect(try JSONDecoder().decode(RoundSummary.self, from: JSONEncoder().encode(round)) == round)
    }

    @Test func aPolicyIsShownByItsMeanReturn() throws {
        var round = try SampleJob.round(1, accuracy: 0.5)
        (round.accuracy, round.loss, round.meanReturn, round.episodes) = (nil, nil, 487.25, 100)
        #expect(RoundLine.words(round, job: "cart", of: 3).contains(" return=487.2500 "))
        let screen = try screens([try SampleJob(rounds: 2, finished: [round]).record()], height: 20)[0]
        #expect(screen.contains { $0.hasPrefix("round    return     loss") }, "\(screen)")
        #expect(screen.contains { $0.hasPrefix("    1    487.25        -") }, "\(screen)")
        #expect(try JSONDecoder().decode(RoundSummary.self, from: JSONEncoder().encode(round)) == round)
    }

    @Test func aRecordOfAnotherVersionIsRefused() throws {
        var record = try SampleJob().record()
        record.status = .object(["phase": .string("Dreaming")])
        #expect(throws: CommandError.self) { try JobView(record) }
    }
}
