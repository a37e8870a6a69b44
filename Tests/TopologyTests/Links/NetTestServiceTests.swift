import Contracts
import Core
import MessageBus
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Topology

@Suite(.timeLimit(.minutes(2))) struct NetTestServiceTests {
    private func events(_ clouds: Clouds, _ request: NetTestRequest) async throws -> [NetTestEvent] {
        var events: [NetTestEvent] = []
        for try await item in try await clouds.core.stream(TopologyContract.netTest, request) {
            events.append(item.body)
        }
        return events
    }

    private func collect(_ service: NetTestService, _ request: NetTestRequest) async throws -> [NetTestEvent] {
        let events = Mutex<[NetTestEvent]>([])
        let time = Timestamp(milliseconds: 0)
        let site = Site(name: request.edge, phase: .ready, report: .sample, joined: time, lastSeen: time)
        try await service.run(request, of: site) { event in events.withLock { $0.append(event) } }
        return events.withLock { $0 }
    }

    private func request(_ clouds: Clouds, sizes: [Int] = [1000, 3_000_001], flows: Int = 1) -> NetTestRequest {
        NetTestRequest(
            edge: clouds.name, roundTrips: 20, sizes: sizes, flows: flows, lane: .bulk, byteLimit: 200_000_000)
    }

    @Test(arguments: [1, 3]) func aTestTellsOfBothDirections(_ flows: Int) async throws {
        let clouds = try await Clouds()
        NetTestResponder.register(on: clouds.edge)
        try await clouds.running {
            // Patient, so that a machine that is busy with other things loses nothing.
            let service = NetTestService(
                bus: clouds.core, links: clouds.service.links, echoTimeout: .seconds(60), patience: .infinity)
            let events = try await collect(service, request(clouds, flows: flows))
            let latency = try #require(events.lazy.compactMap(\.latency).first)
            #expect(latency.sent == 20 && latency.lost == 0)
            #expect(try #require(latency.minimum) <= #require(latency.maximum))
            let rows = events.compactMap(\.throughput)
            #expect(rows.map(\.size) == [1000, 3_000_001, 1000, 3_000_001])
            #expect(rows.map(\.from.text) == ["core", "core", "edge-1", "edge-1"])
            #expect(rows.allSatisfy { $0.repetitions > 0 && $0.bytesPerSecond ?? 0 > 0 && $0.flows == flows })
            #expect(events.compactMap(\.progress).map(\.done) == [0, 1, 2, 3, 4])
            let links = try await clouds.snapshot().links
            #expect(links.count == 2 && links.allSatisfy { $0.roundTripSeconds != nil })
        }
    }

    @Test func anEdgeThatIsNotThereIsTold() async throws {
        let clouds = try await Clouds()
        try await clouds.running {
            var request = request(clouds)
            request.edge = try Name("nobody")
            await #expect { try await events(clouds, request) } throws: { ($0 as? BusError)?.code == "not-found" }
            await #expect { try await events(clouds, self.request(clouds, flows: 0)) } throws: {
                ($0 as? BusError)?.code == "invalid"
            }
        }
    }

    @Test func twoTestsOfOneEdgeAreNotRunAtOnceAndOneThatEndsMakesRoom() async throws {
        let clouds = try await Clouds()
        let (asked, feed) = AsyncStream<Void>.makeStream()
        let isHanging = Mutex(true)
        clouds.edge.handle(TopologyContract.netEcho) { (_: Inbound<Empty>) in
            feed.yield()
            if isHanging.withLock({ $0 }) { try await Task.sleep(for: .seconds(600)) }
            return Empty()
        }
        try await clouds.running {
            let small = request(clouds, sizes: [])
            let first = try await clouds.core.stream(TopologyContract.netTest, small)
            for await _ in asked { break }
            await #expect { try await events(clouds, small) } throws: { ($0 as? BusError)?.code == "busy" }
            // Whoever leaves cancels the test, and the next may begin.
            isHanging.withLock { $0 = false }
            first.cancel()
            while true {
                do {
                    _ = try await events(clouds, small)
                    break
                } catch let error as BusError where error.code == "busy" { await Task.yield() }
            }
        }
    }

    @Test func anEdgeThatDiesMeanwhileEndsTheTestWithAReason() async throws {
        let clouds = try await Clouds()
        clouds.edge.handle(TopologyContract.netEcho) { (_: Inbound<Empty>) in Empty() }
        for lane in [Lane.model, .bulk] {
            clouds.edge.handle(TopologyContract.netSink(lane)) { [edge = clouds.edge] (_: Inbound<Empty>) in
                edge.disconnect(.core)
                return NetSinkReply(bytes: 0)
            }
        }
        try await clouds.running {
            await #expect { try await events(clouds, request(clouds)) } throws: { error in
                (error as? BusError)?.code == "unreachable" && "\(error)".contains("went away during the test")
            }
        }
    }

    @Test func transfersThatAnEdgeTellsOfAreOfItsOwnLinks() async throws {
        let clouds = try await Clouds()
        try await clouds.running {
            let measure = TransferMeasure(peer: .core, bytes: 10_000_000, seconds: 2, isLimited: false)
            await clouds.edge.publish(DataSyncContract.transferred, measure)
            var links: [LinkState] = []
            // An event is answered by nobody: looked for until it has come.
            while links.isEmpty {
                links = try await clouds.snapshot().links
                await Task.yield()
            }
            #expect(links.map(\.to.text) == ["edge-1"])
            #expect(links.map(\.from.text) == ["core"])
            #expect(links.map(\.bytesPerSecond) == [5e6])
        }
    }

    @Test func aReportTellsHowTheOnesBeforeItWent() async throws {
        let clouds = try await Clouds()
        try await clouds.running {
            var report = SiteReport.sample
            report.epoch = 7
            _ = try await clouds.edge.call(TopologyContract.join, report, to: .peer(.core))
            var update = LoadUpdate(
                epoch: 7, sequence: 1, base: nil, time: Timestamp(milliseconds: 0), changes: LoadChanges(report.load))
            update.probes = ProbeReport(roundTrips: [0.25], unanswered: 1)
            _ = try await clouds.edge.call(TopologyContract.report, update, to: .peer(.core))
            let links = try await clouds.snapshot().links
            #expect(links.map(\.roundTripSeconds) == [0.25, 0.25])
            #expect(links.map(\.loss) == [0.5, 0.5])
        }
    }
}
