import Contracts
import Core
import MessageBus
import Synchronization

/// Measures the link to an edge with traffic made for it, one test at a time for each edge.
final class NetTestService: Sendable {
    typealias Report = @Sendable (NetTestEvent) async throws -> Void

    /// How long a part of a transfer may take before the test fails.
    private static let partTimeout: Duration = .seconds(60)

    private let bus: Bus
    private let links: LinkKeeper
    private let echoTimeout: Duration
    private let patience: Double
    private let running = Mutex<Set<Name>>([])

    /// - Parameters:
    ///   - echoTimeout: how long a round trip may take before it counts as lost.
    ///   - patience: seconds; a transfer that would take longer is left out.
    init(
        bus: Bus, links: LinkKeeper, echoTimeout: Duration = .seconds(2),
        patience: Double = NetTestPlan.usualPatience
    ) {
        self.echoTimeout = echoTimeout
        self.patience = patience
        self.bus = bus
        self.links = links
    }

    /// Runs a test and tells of it as it goes.
    /// - Throws: `TopologyError` `invalid`, `busy` while another test of this edge goes on, `unreachable` for an edge that is
    ///   not connected or goes away meanwhile; `CancellationError`.
    func run(_ request: NetTestRequest, of site: Site, report: Report) async throws {
        let plan = try NetTestPlan(request, patience: patience)
        let peer = PeerID(request.edge)
        guard bus.isConnected(peer) else {
            throw TopologyError(
                "unreachable",
                "edge '\(site.name)' is not connected (\(site.phase.rawValue)); start it, or test another")
        }
        guard running.withLock({ $0.insert(request.edge).inserted }) else {
            throw TopologyError(
                "busy", "a test of the link to edge '\(site.name)' goes on already; wait until it is over")
        }
        defer { running.withLock { _ = $0.remove(request.edge) } }
        do { try await run(plan, peer, report) } catch let error as BusError where error.is(.unreachable) {
            throw TopologyError(
                "unreachable",
                "edge '\(site.name)' went away during the test; 'gedge get edges' says whether it is back",
                cause: error)
        }
    }

    private func run(_ plan: NetTestPlan, _ peer: PeerID, _ report: Report) async throws {
        var plan = plan
        var done = 0
        func tell(_ step: String) async throws {
            try await report(NetTestEvent(progress: .init(step: step, done: done, total: plan.steps)))
        }
        if plan.request.roundTrips > 0 {
            try await tell("round trips")
            try await report(NetTestEvent(latency: try await latency(plan.request, peer)))
            done += 1
        }
        for isOutward in [true, false] {
            let (from, to) = isOutward ? (PeerID.core, peer) : (peer, .core)
            var largest: (size: Int, seconds: Double)?
            if !isOutward { plan.turn() }
            for size in plan.sizes {
                try await tell("\(from) to \(to), \(ByteCount(size))")
                var durations: [Double] = []
                while plan.goesOn(size, after: durations) {
                    let seconds = try await transfer(size, plan, peer, isOutward: isOutward)
                    plan.took(seconds, size)
                    durations.append(seconds)
                }
                let result = plan.result(size, from: from, to: to, durations: durations)
                if let seconds = result.seconds { largest = (size, seconds) }
                try await report(NetTestEvent(throughput: result))
                done += 1
            }
            if plan.request.flows == 1, let largest { note(largest.size, largest.seconds, peer, isOutward: isOutward) }
        }
    }

    /// What the largest transfer got is what the link is known by; smaller ones say more of its round trip.
    private func note(_ size: Int, _ seconds: Double, _ peer: PeerID, isOutward: Bool) {
        guard let edge = try? Name(peer.text) else { return }  // It was made of a name.
        let measure = TransferMeasure(
            peer: isOutward ? .core : peer, bytes: size, seconds: seconds, isLimited: false)
        links.note(measure, by: isOutward ? edge : nil, sites: [peer])
    }

    // MARK: Measurements

    private func latency(_ request: NetTestRequest, _ peer: PeerID) async throws -> NetTestLatency {
        var roundTrips: [Double] = []
        for _ in 0..<request.roundTrips {
            let start = ContinuousClock.now
            do {
                _ = try await bus.call(
                    TopologyContract.netEcho, Empty(), to: .peer(peer), timeout: echoTimeout)
                roundTrips.append(start.duration(to: .now).seconds)
            } catch let error as BusError where error.is(.deadlineExceeded) { continue }
        }
        let lost = request.roundTrips - roundTrips.count
        links.note(
            ProbeReport(
                roundTrips: roundTrips.suffix(ProbeReport.maximumCount),
                unanswered: min(lost, ProbeReport.maximumCount)), of: request.edge)
        return NetTestLatency(sent: request.roundTrips, roundTrips: roundTrips)
    }

    /// Seconds until every flow has moved `size` bytes.
    private func transfer(_ size: Int, _ plan: NetTestPlan, _ peer: PeerID, isOutward: Bool) async throws -> Double {
        let (lane, window) = (plan.request.lane, plan.window)
        let attachment = TestPattern.attachment(min(size, NetSourceRequest.maximumItemBytes))
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<plan.request.flows {
                group.addTask { [self] in
                    if isOutward {
                        try await push(size, attachment, peer, lane, window)
                    } else {
                        try await pull(size, peer, lane, window)
                    }
                }
            }
            try await group.waitForAll()
        }
        return start.duration(to: .now).seconds
    }

    /// One flow to the edge, part by part, with so many on their way as the window has room for.
    private func push(
        _ size: Int, _ attachment: Attachment, _ peer: PeerID, _ lane: Lane, _ window: Int
    ) async throws {
        let parts = (size + attachment.count - 1) / attachment.count
        let last = size - (parts - 1) * attachment.count
        let lastAttachment = last == attachment.count ? attachment : TestPattern.attachment(last)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<parts {
                if index >= max(1, window / attachment.count) { try await group.next() }
                let part = index == parts - 1 ? lastAttachment : attachment
                group.addTask { [bus] in
                    let reply = try await bus.call(
                        TopologyContract.netSink(lane), Empty(), attachments: [part], to: .peer(peer),
                        timeout: Self.partTimeout
                    ).body
                    guard reply.bytes == part.count else { throw Self.wrong(peer, reply.bytes, part.count) }
                }
            }
            try await group.waitForAll()
        }
    }

    /// One flow from the edge.
    private func pull(_ size: Int, _ peer: PeerID, _ lane: Lane, _ window: Int) async throws {
        let request = NetSourceRequest(bytes: size, itemBytes: NetSourceRequest.maximumItemBytes)
        var bytes = 0
        let stream = try await bus.stream(
            TopologyContract.netSource(lane), request, to: .peer(peer), window: window,
            timeout: Self.partTimeout + .seconds(NetTestPlan.usualPatience))
        for try await item in stream {
            bytes += item.attachments.reduce(0) { $0 + $1.count }
            guard bytes <= size else { break }
        }
        guard bytes == size else { throw Self.wrong(peer, bytes, size) }
    }

    private static func wrong(_ peer: PeerID, _ bytes: Int, _ expected: Int) -> TopologyError {
        TopologyError(
            "protocol-violation", "edge '\(peer)' tells of \(bytes) bytes where \(expected) were moved; upgrade it")
    }
}
