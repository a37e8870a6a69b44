import Contracts
import Core
import TestKit
import Testing

@testable import Topology

@Suite struct LoadTrackTests {
    private let hardware = SiteReport.sample.hardware
    private let time = Timestamp(milliseconds: 1_000_000)

    private func track() -> LoadTrack {
        var report = SiteReport.sample
        report.epoch = 7
        return LoadTrack(report, now: .zero, time: time)
    }

    private func complete(_ sequence: Int, cpu: Double, epoch: Int = 7) -> LoadUpdate {
        var load = SiteReport.sample.load
        load.cpu = cpu
        return LoadUpdate(epoch: epoch, sequence: sequence, base: nil, time: time, changes: LoadChanges(load))
    }

    private func change(_ sequence: Int, base: Int, cpu: Double) -> LoadUpdate {
        var changes = LoadChanges()
        changes.cpu = cpu
        return LoadUpdate(epoch: 7, sequence: sequence, base: base, time: time, changes: changes)
    }

    @Test func changesBuildOnWhatIsThere() {
        var track = track()
        #expect(track.receive(change(1, base: 0, cpu: 0.1), hardware: hardware, now: .seconds(1), time: time) == .taken)
        #expect(
            track.receive(change(3, base: 2, cpu: 0.2), hardware: hardware, now: .seconds(2), time: time) == .baseless)
        #expect(track.load.cpu == 0.1)
        #expect(track.receive(complete(4, cpu: 0.3), hardware: hardware, now: .seconds(3), time: time) == .taken)
        #expect(track.receive(change(5, base: 4, cpu: 0.4), hardware: hardware, now: .seconds(4), time: time) == .taken)
        #expect(track.load.cpu == 0.4 && track.load.availableMemory == SiteReport.sample.load.availableMemory)
        #expect(track.state.taken == 3 && track.state.baseless == 1)
    }

    @Test func oldAndRepeatedReportsChangeNothing() {
        var track = track()
        #expect(track.receive(complete(5, cpu: 0.5), hardware: hardware, now: .seconds(1), time: time) == .taken)
        #expect(track.receive(complete(5, cpu: 0.6), hardware: hardware, now: .seconds(2), time: time) == .duplicate)
        #expect(track.receive(complete(4, cpu: 0.7), hardware: hardware, now: .seconds(2), time: time) == .late)
        #expect(
            track.receive(complete(6, cpu: 0.8, epoch: 8), hardware: hardware, now: .seconds(2), time: time)
                == .baseless)
        #expect(track.load.cpu == 0.5)
        #expect(track.state.duplicates == 1 && track.state.late == 1)
    }

    /// The load an edge cannot have, and the name under which it is refused.
    static let impossible: [(String, @Sendable (inout LoadReport) -> Void)] = [
        ("cpu", { $0.cpu = 1.5 }), ("cpu", { $0.cpu = -0.01 }), ("cpu", { $0.cpu = .nan }),
        ("cpu", { $0.cpu = .infinity }), ("availableMemory", { $0.availableMemory = 1 << 31 }),
        ("availableMemory", { $0.availableMemory = -1 }), ("freeDisk", { $0.freeDisk = .min }),
        ("resident", { $0.resident = -5 }), ("daemonCPU", { $0.daemonCPU = 99 }),
        ("pressure.io.full", { $0.pressure = Pressure(io: Pressure.Stall(some: 0, full: 2)) }),
        ("disk.busy", { $0.disk = DiskLoad(readBytesPerSecond: 0, writtenBytesPerSecond: 0, busy: .nan) }),
        ("disk.written", { $0.disk = DiskLoad(readBytesPerSecond: 0, writtenBytesPerSecond: -1, busy: 0) }),
        (
            "network",
            {
                $0.network = Array(
                    repeating: InterfaceLoad(name: "e", receivedBytesPerSecond: 0, sentBytesPerSecond: 0), count: 65)
            }
        ),
        (
            "network.received",
            { $0.network = [InterfaceLoad(name: "e", receivedBytesPerSecond: .infinity, sentBytesPerSecond: 0)] }
        ),
        ("gpus.usedMemory", { $0.gpus = [GPULoad(busy: 0, usedMemory: 2, memory: 1)] }),
    ]

    @Test(arguments: impossible.indices)
    func whatCannotBeIsRefusedByNameAndTheLastGoodLoadStays(index: Int) {
        let (name, spoil) = Self.impossible[index]
        var track = track()
        #expect(track.receive(complete(1, cpu: 0.25), hardware: hardware, now: .seconds(1), time: time) == .taken)
        var load = SiteReport.sample.load
        spoil(&load)
        let update = LoadUpdate(epoch: 7, sequence: 2, base: nil, time: time, changes: LoadChanges(load))
        let later = time.advanced(by: .seconds(9))
        guard case .refused(let reason) = track.receive(update, hardware: hardware, now: .seconds(9), time: later)
        else {
            Issue.record("\(load) was taken")
            return
        }
        #expect(reason.hasPrefix(name))
        #expect(track.load.cpu == 0.25 && track.state.measured == time)
        #expect(track.state.refused == 1 && track.state.lastRefusal == reason)
        let state = track.state(now: .seconds(9), patience: .seconds(3))
        #expect(state.staleSince == time)
        // The edge's next complete report is taken again.
        #expect(track.receive(complete(3, cpu: 0.3), hardware: hardware, now: .seconds(10), time: later) == .taken)
        #expect(track.state(now: .seconds(10), patience: .seconds(3)).staleSince == nil)
    }

    @Test(
        arguments: [
            (0, nil), (1_500, nil), (-9_000, nil), (3_000, 3), (3_600_000, 3600), (-60_000, -60),
        ] as [(Int64, Double?)])
    func aClockThatIsWrongIsFlaggedAndNotBelieved(offset: Int64, skew: Double?) {
        var track = track()
        var update = complete(1, cpu: 0.5)
        update.time = Timestamp(milliseconds: time.milliseconds + offset)
        #expect(track.receive(update, hardware: hardware, now: .seconds(1), time: time) == .taken)
        #expect(track.state.clockSkewSeconds == skew)
        #expect(track.state.measured == (skew == nil ? min(update.time, time) : time))
    }

    @Test(arguments: [Int64.min, .max])
    func aTimeThatIsNoneDoesNoHarm(milliseconds: Int64) {
        var track = track()
        var update = complete(1, cpu: 0.5)
        update.time = Timestamp(milliseconds: milliseconds)
        #expect(track.receive(update, hardware: hardware, now: .seconds(1), time: time) == .taken)
        #expect(track.state.measured == time && track.state.clockSkewSeconds != nil)
    }

    @Test func anEdgeThatJoinsWithNonsenseCountsAsLoaded() {
        var report = SiteReport.sample
        report.load.cpu = .nan
        report.epoch = 7
        var track = LoadTrack(report, now: .zero, time: time)
        #expect(track.load.cpu == 1 && track.load.availableMemory == 0 && track.state.refused == 1)
        #expect(track.receive(change(1, base: 0, cpu: 0.1), hardware: hardware, now: .zero, time: time) == .baseless)
        #expect(track.receive(complete(2, cpu: 0.1), hardware: hardware, now: .zero, time: time) == .taken)
    }
}
