import Contracts
import Core
import TestKit
import Testing

@testable import Topology

/// An edge and a core over a line that loses, repeats, delays and reorders, with clocks that are wrong.
@Suite struct LoadReportingPropertyTests {
    @Test(arguments: 1...20)
    func theCoreHasWhatTheEdgeLastGotThrough(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var report = SiteReport.sample
        report.epoch = Int(seed)
        var track = LoadTrack(report, now: .zero, time: Timestamp(milliseconds: 0))
        var reporter = LoadReporter(epoch: Int(seed), joinedWith: report.load)
        var load = report.load
        /// What the edge measured for each report, and those that are still on the way.
        var measured: [Int: LoadReport] = [0: load]
        var underWay: [LoadUpdate] = []
        var newest = 0
        var outcomes: [LoadTrack.Outcome: Int] = [:]

        for step in 1...1000 {
            let time = Timestamp(milliseconds: Int64(step) * 1000)
            wander(&load, &random)
            let skew = Int64.random(in: -20_000...20_000, using: &random)
            let update = reporter.update(load, time: Timestamp(milliseconds: time.milliseconds + skew))
            measured[update.sequence] = load
            underWay.append(update)
            if Int.random(in: 0..<10, using: &random) == 0 { underWay.append(update) }
            if Int.random(in: 0..<3, using: &random) == 0 { underWay.shuffle(using: &random) }
            while underWay.count > Int.random(in: 0...4, using: &random) {
                let arriving = underWay.removeFirst()
                if Int.random(in: 0..<10, using: &random) == 0 { continue }  // Lost.
                let outcome = track.receive(
                    arriving, hardware: report.hardware, now: .seconds(step), time: time)
                outcomes[outcome, default: 0] += 1
                if outcome == .taken {
                    #expect(arriving.sequence > newest, "an older report replaced a newer one")
                    newest = arriving.sequence
                }
                // Only the answer to the newest report means anything to the edge, and it may be lost.
                if arriving.sequence == update.sequence, Int.random(in: 0..<10, using: &random) > 0 {
                    reporter.answered(LoadReply(leaseSeconds: 6, needsAll: outcome == .baseless))
                }
                expectClose(track.load, try #require(measured[newest]))
                #expect(track.state.measured <= time)
            }
        }
        // The line did what it is here for.
        #expect(
            outcomes[.taken, default: 0] > 100 && outcomes[.duplicate, default: 0] + outcomes[.late, default: 0] > 20)
        let state = track.state
        #expect(state.taken == outcomes[.taken] && state.late == outcomes[.late, default: 0])
        #expect(state.duplicates == outcomes[.duplicate, default: 0])
    }

    @Test func aQuietMachineSendsLittle() {
        var reporter = LoadReporter(epoch: 1, joinedWith: SiteReport.sample.load)
        var sent = 0
        for _ in 1...LoadReporter.completeEvery {
            let update = reporter.update(SiteReport.sample.load, time: Timestamp(milliseconds: 0))
            if update.changes != LoadChanges() { sent += 1 }
            reporter.answered(LoadReply(leaseSeconds: 6))
        }
        #expect(sent == 0)
        let complete = reporter.update(SiteReport.sample.load, time: Timestamp(milliseconds: 0))
        #expect(complete.base == nil && complete.changes == LoadChanges(SiteReport.sample.load))
    }

    @Test func whatGoesAwayTakesACompleteReport() {
        var load = SiteReport.sample.load
        load.pressure = Pressure(cpu: Pressure.Stall(some: 0.5, full: 0))
        var reporter = LoadReporter(epoch: 1, joinedWith: load)
        load.pressure = nil
        #expect(reporter.update(load, time: Timestamp(milliseconds: 0)).base == nil)
    }

    private func wander(_ load: inout LoadReport, _ random: inout SeededGenerator) {
        load.cpu = min(1, max(0, load.cpu + Double.random(in: -0.02...0.02, using: &random)))
        load.availableMemory = min(
            1 << 30, max(0, load.availableMemory + Int64.random(in: -3_000_000...3_000_000, using: &random)))
        if Int.random(in: 0..<5, using: &random) == 0 {
            load.freeDisk = Int64.random(in: 0...1 << 40, using: &random)
            load.daemonCPU = Bool.random(using: &random) ? nil : Double.random(in: 0...1, using: &random)
            load.disk =
                Bool.random(using: &random)
                ? nil
                : DiskLoad(
                    readBytesPerSecond: Double.random(in: 0...1e9, using: &random),
                    writtenBytesPerSecond: 0, busy: Double.random(in: 0...1, using: &random))
            load.network = (0..<Int.random(in: 0...3, using: &random)).map {
                InterfaceLoad(
                    name: "eth\($0)", receivedBytesPerSecond: Double.random(in: 0...1e8, using: &random),
                    sentBytesPerSecond: 0)
            }
        }
    }

    /// Equal as far as the thresholds for sending allow.
    private func expectClose(_ core: LoadReport, _ edge: LoadReport) {
        #expect(abs(core.cpu - edge.cpu) <= LoadDifference.share)
        let memory = Double(abs(core.availableMemory - edge.availableMemory))
        #expect(
            memory
                <= max(
                    LoadDifference.bytes, LoadDifference.part * Double(max(core.availableMemory, edge.availableMemory)))
        )
        #expect((core.daemonCPU == nil) == (edge.daemonCPU == nil) && (core.disk == nil) == (edge.disk == nil))
        #expect(core.network?.map(\.name) == edge.network?.map(\.name))
    }
}
