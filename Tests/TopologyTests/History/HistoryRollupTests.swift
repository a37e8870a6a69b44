import Contracts
import Core
import TestKit
import Testing

@testable import Topology

@Suite struct HistoryRollupTests {
    private func load(_ cpu: Double) -> LoadReport {
        LoadReport(cpu: cpu, availableMemory: 1 << 29, freeDisk: 1 << 33, resident: 1 << 24)
    }

    /// The points of every tier equal what one gets from all reports at once, however the program was stopped and started.
    @Test(arguments: 1...10)
    func everyTierSumsUpTheReports(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var rollup = HistoryRollup()
        var stored: [HistoryTier: [Int64: HistoryRecord]] = [:]
        var reports: [(time: Int64, cpu: Double)] = []
        var time: Int64 = 1_700_000_000_000
        func store(_ rows: [HistoryRollup.Row]) {
            for row in rows {
                for record in row.records { stored[row.tier, default: [:]][record.start] = record }
            }
        }
        for _ in 1...3000 {
            time += Int64.random(in: 1...8000, using: &random)
            if Int.random(in: 0..<200, using: &random) == 0 { time += Int64.random(in: 0...7_200_000, using: &random) }
            let cpu = Double.random(in: 0...1, using: &random)
            rollup.add(load(cpu), at: Timestamp(milliseconds: time))
            reports.append((time, cpu))
            if Int.random(in: 0..<5, using: &random) == 0 { store(rollup.take()) }
            if Int.random(in: 0..<100, using: &random) == 0 {
                rollup.complete(until: Timestamp(milliseconds: time), grace: .seconds(12))
            }
            if Int.random(in: 0..<100, using: &random) == 0 {
                // A crash after everything was stored: the next run continues from the database.
                store(rollup.take())
                rollup = HistoryRollup()
                rollup.resume(unfinished(stored))
            }
        }
        rollup.complete(until: Timestamp(milliseconds: time + 8_000_000), grace: .zero)
        store(rollup.take())
        for tier in HistoryTier.allCases where tier != .reports {
            let expected = Dictionary(grouping: reports) { tier.start(of: $0.time) }
            let found = stored[tier] ?? [:]
            #expect(Set(found.keys) == Set(expected.keys), "\(tier)")
            for (start, group) in expected {
                guard let summary = found[start]?[.cpu] else { continue }
                #expect(Int(summary.count) == group.count)
                #expect(summary.minimum == Float(group.map(\.cpu).min() ?? 0))
                #expect(summary.maximum == Float(group.map(\.cpu).max() ?? 0))
                let mean = group.reduce(0) { $0 + $1.cpu } / Double(group.count)
                #expect(abs(Double(summary.mean) - mean) < 1e-5)
            }
        }
    }

    private func unfinished(_ stored: [HistoryTier: [Int64: HistoryRecord]]) -> [HistoryTier: [HistoryRecord]] {
        var unfinished: [HistoryTier: [HistoryRecord]] = [:]
        for tier in HistoryTier.allCases {
            guard let coarser = tier.coarser else { continue }
            let from = stored[coarser]?.keys.max().map { $0 + coarser.width } ?? 0
            unfinished[tier] = (stored[tier] ?? [:]).values.filter { $0.start >= from }.sorted { $0.start < $1.start }
        }
        return unfinished
    }

    @Test func aClockThatIsSetBackMakesNoPastPoints() {
        var rollup = HistoryRollup()
        rollup.add(load(0.1), at: Timestamp(milliseconds: 100_000))
        rollup.add(load(0.3), at: Timestamp(milliseconds: 40_000))
        #expect(rollup.reports.map(\.start) == [100_000, 100_001])
        #expect(rollup.open[HistoryTier.tenSeconds.rawValue]?[.cpu]?.count == 2)
    }

    @Test func rowsSurviveTheirCodec() throws {
        var generator = SeededGenerator(seed: 3)
        var merged = HistoryRecord(load(0.5), at: 70_000)
        merged.merge(HistoryRecord(load(0.25), at: 71_000))
        var sparse = HistoryRecord(load(0.125), at: 72_500)
        sparse.summaries[4] = nil
        let records = [HistoryRecord(load(Double.random(in: 0...1, using: &generator)), at: 70_000), merged, sparse]
        let bytes = HistoryCodec.encode(records, start: 70_000)
        #expect(try HistoryCodec.decode(bytes, start: 70_000) == records)
        for length in 0..<bytes.count {
            // Cut anywhere, it is refused, or is the records before the cut.
            let part = try? HistoryCodec.decode(Array(bytes.prefix(length)), start: 70_000)
            #expect(part.map { $0 == Array(records.prefix($0.count)) } ?? true)
        }
        #expect(throws: TopologyError.self) { try HistoryCodec.decode([9], start: 0) }
        #expect(throws: TopologyError.self) { try HistoryCodec.decode([], start: 0) }
    }

    /// The sizes that docs/monitoring.md tells.
    @Test func aPointTakesAsManyBytesAsTheDocumentationSays() {
        var all = LoadReport(cpu: 0.5, availableMemory: 1, freeDisk: 1, resident: 1, daemonCPU: 0)
        all.pressure = Pressure(
            cpu: .init(some: 0, full: 0), memory: .init(some: 0, full: 0), io: .init(some: 0, full: 0))
        all.disk = DiskLoad(readBytesPerSecond: 0, writtenBytesPerSecond: 0, busy: 0)
        all.network = []
        var record = HistoryRecord(all, at: 0)
        #expect(HistoryCodec.encode([record], start: 0).count == 1 + 6 + 13 * 4)
        record.merge(record)
        #expect(HistoryCodec.encode([record], start: 0).count == 1 + 6 + 13 * 16)
    }
}
