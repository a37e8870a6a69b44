import Contracts
import Core
import TestKit
import Testing

@testable import Topology

@Suite struct LinkTableTests {
    private let edge: Name
    private let other: Name
    private let time = Timestamp(milliseconds: 1_000_000_000)
    private let sound = TransferMeasure(peer: .core, bytes: 10_000_000, seconds: 1, isLimited: false)

    init() throws {
        edge = try Name("edge-1")
        other = try Name("edge-2")
    }

    private func site(_ name: Name, cost: Double? = nil) -> Site {
        var report = SiteReport.sample
        report.link = cost.map { LinkReport(costPerGigabyte: $0) }
        return Site(name: name, phase: .ready, report: report, joined: time, lastSeen: time)
    }

    private func isSite(_ peer: PeerID) -> Bool { peer == PeerID(edge) || peer == PeerID(other) }

    @Test func heartbeatsMeasureBothDirectionsAndTransfersOne() throws {
        var table = LinkTable()
        let isHeartbeatTaken = table.note(
            ProbeReport(roundTrips: [0.02, 0.03, 0.04], unanswered: 1), of: edge, at: time)
        #expect(isHeartbeatTaken)
        let isTransferTaken = table.note(sound, by: edge, sites: isSite, at: time.advanced(by: .seconds(1)))
        #expect(isTransferTaken)
        let links = table.states(of: [site(edge)], at: time.advanced(by: .seconds(2)))
        #expect(links.map { [$0.from.text, $0.to.text] } == [["core", "edge-1"], ["edge-1", "core"]])
        #expect(links.map(\.roundTripSeconds) == [0.03, 0.03])
        #expect(links.map(\.loss) == [0.25, 0.25])
        #expect(links.map(\.bytesPerSecond) == [1e7, nil])
        #expect(links[0].bandwidthMeasured == time.advanced(by: .seconds(1)))
        #expect(links.allSatisfy { !$0.isStale })
    }

    @Test func whatIsOldIsStaleAndKeepsItsAge() {
        var table = LinkTable()
        _ = table.note(ProbeReport(roundTrips: [0.02], unanswered: 0), of: edge, at: time)
        _ = table.note(
            TransferMeasure(peer: PeerID(other), bytes: 1 << 20, seconds: 1, isLimited: false, firstByteSeconds: 0.004),
            by: edge, sites: isSite, at: time)
        let links = table.states(of: [], at: time.advanced(by: .seconds(61)))
        #expect(links.map(\.isStale) == [true, true, false])
        #expect(links.map(\.measured) == [time, time, time])
        #expect(links.map(\.roundTripSeconds) == [0.02, 0.02, 0.004])
        #expect(table.states(of: [], at: time.advanced(by: .seconds(3601))).map(\.isStale) == [true, true, true])
    }

    @Test func costsAreWhatBothEndsSay() {
        var table = LinkTable()
        _ = table.note(
            TransferMeasure(peer: PeerID(other), bytes: 1 << 20, seconds: 1, isLimited: false), by: edge, sites: isSite,
            at: time)
        let links = table.states(of: [site(edge, cost: 0.5), site(other, cost: 0.25)], at: time)
        let costs = Dictionary(uniqueKeysWithValues: links.map { ("\($0.from) \($0.to)", $0.costPerGigabyte) })
        #expect(costs["core edge-1"] == 0.5)
        #expect(costs["edge-2 core"] == 0.25)
        #expect(costs["edge-2 edge-1"] == 0.75)
        // Nothing was ever measured of it: not to be relied on.
        #expect(links.first { $0.from == .core }?.isStale == true)
    }

    @Test func whatCannotBeIsRefusedAndCountedAndChangesNothing() {
        var table = LinkTable()
        let bad: [ProbeReport] = [
            ProbeReport(roundTrips: [-1], unanswered: 0), ProbeReport(roundTrips: [.nan], unanswered: 0),
            ProbeReport(roundTrips: [], unanswered: -1), ProbeReport(roundTrips: [], unanswered: .max),
            ProbeReport(roundTrips: Array(repeating: 0.1, count: 17), unanswered: 0),
        ]
        for report in bad {
            let isTaken = table.note(report, of: edge, at: time)
            #expect(!isTaken)
        }
        var measures = (0..<5).map { _ in sound }
        measures[0].bytes = -5
        measures[1].seconds = 0
        measures[2].peer = PeerID("nobody")
        measures[3].peer = PeerID(edge)
        measures[4].peer = .local
        for measure in measures {
            let isTaken = table.note(measure, by: edge, sites: isSite, at: time)
            #expect(!isTaken)
        }
        #expect(table.refused[edge] == bad.count + measures.count)
        #expect(table.links.isEmpty && table.changed.isEmpty)
    }

    @Test func aClockThatIsSetBackDoesNotKeepTheFutureForEver() {
        var table = LinkTable()
        _ = table.note(sound, by: edge, sites: isSite, at: time.advanced(by: .seconds(86_400)))
        var slower = sound
        slower.seconds = 10
        _ = table.note(slower, by: edge, sites: isSite, at: time)
        let link = table.states(of: [], at: time)[0]
        #expect(link.bytesPerSecond == 1e6)
        #expect(link.measured == time)
    }

    @Test func linksBetweenEdgesAreBoundedAndTheOldestGoFirst() {
        var table = LinkTable()
        var measure = sound
        for index in 0..<LinkTable.peerLimit + 10 {
            measure.peer = PeerID("p\(index)")
            _ = table.note(
                measure, by: edge, sites: { _ in true }, at: time.advanced(by: .milliseconds(Int64(index))))
        }
        #expect(table.links.count == LinkTable.peerLimit)
        #expect(table.links[LinkTable.Key(from: PeerID("p9"), to: PeerID(edge))] == nil)
        #expect(table.links[LinkTable.Key(from: PeerID("p10"), to: PeerID(edge))] != nil)
    }

    @Test func whatIsStoredIsKnownAfterARestartWithItsAge() async throws {
        let directory = try TemporaryDirectory()
        let storage = LinkStorage(database: try await .topology(in: directory))
        var table = LinkTable()
        _ = table.note(sound, by: edge, sites: isSite, at: time)
        _ = table.note(ProbeReport(roundTrips: [0.02], unanswered: 1), of: other, at: time)
        try await storage.save(table.takeChanged())
        let isAllStored = table.takeChanged().isEmpty
        #expect(isAllStored)
        var again = LinkTable(try await storage.load())
        #expect(again.links == table.links)
        again.forget(other)
        try await storage.save(again.takeChanged())
        #expect(try await storage.load() == again.links)
        #expect(again.links.count == 1)
    }
}
