import Contracts
import Core
import Testing

@testable import Topology

@Suite struct SiteTableTests {
    private let name: Name
    private let time = Timestamp(milliseconds: 1_000)

    init() throws { name = try Name("edge-1") }

    private func table(known: [Site] = []) -> SiteTable {
        SiteTable(known: known, now: .zero, lease: .seconds(6), grace: .seconds(12))
    }

    @Test func aSiteIsReadyUntilItsLeaseRunsOut() throws {
        var table = table()
        _ = table.join(name, .sample, now: .seconds(1), time: time)
        #expect(table.nextExpiry == .seconds(7))
        #expect(table.expire(now: .seconds(6)).isEmpty)
        #expect(table.expire(now: .seconds(7)).map(\.phase) == [.lost])
        #expect(table.nextExpiry == nil)
    }

    @Test func aHeartbeatRenewsTheLeaseAndBringsALostSiteBack() throws {
        var table = table()
        _ = table.join(name, .sample, now: .zero, time: time)
        #expect(try table.heartbeat(name, SiteReport.sample.load, now: .seconds(5), time: time).changed == nil)
        #expect(table.expire(now: .seconds(10)).isEmpty)
        #expect(table.expire(now: .seconds(11)).count == 1)
        let back = try table.heartbeat(name, SiteReport.sample.load, now: .seconds(12), time: time)
        #expect(back.changed?.phase == .ready)
    }

    @Test func aHeartbeatOfAStrangerAsksItToJoin() throws {
        var table = table()
        #expect(throws: TopologyError.self) {
            try table.heartbeat(name, SiteReport.sample.load, now: .zero, time: time)
        }
    }

    @Test func afterARestartReadySitesGetAMomentToReconnect() throws {
        var before = table()
        let ready = before.join(name, .sample, now: .zero, time: time)
        var gone = before.join(try Name("edge-2"), .sample, now: .zero, time: time)
        gone.phase = .left
        var table = table(known: [ready, gone])
        #expect(table.all(now: .zero).map(\.phase) == [.reconnecting, .left])
        #expect(table.expire(now: .seconds(11)).isEmpty)
        #expect(table.expire(now: .seconds(12)).map(\.name) == [name])
    }

    @Test func joiningAgainKeepsTheFirstTime() throws {
        var table = table()
        _ = table.join(name, .sample, now: .zero, time: time)
        let again = table.join(name, .sample, now: .seconds(1), time: Timestamp(milliseconds: 9_000))
        #expect(again.joined == time)
        #expect(again.lastSeen == Timestamp(milliseconds: 9_000))
    }
}

extension SiteReport {
    static let sample = SiteReport(
        hardware: Hardware(hostname: "host", architecture: "x86_64", processor: "test", threads: 2, memory: 1 << 30),
        datasets: [], load: LoadReport(cpu: 0.5, availableMemory: 1 << 29, freeDisk: 1 << 33, resident: 1 << 24),
        version: "test")
}
