import Contracts
import Core
import Foundation
import MessageBus
import Synchronization
import Testing

@testable import GEdgeCommand

@Suite struct TopCommandTests {
    private let time = Timestamp(milliseconds: 1_700_000_000_000)

    /// - Parameter pages: how many are answered before the core fails.
    private func core(pages: Int = .max) throws -> FakeCore {
        let core = try FakeCore()
        let machines = [
            try machine("core", phase: nil, cpu: 0.05), try machine("edge-1", phase: .ready, cpu: 0.25),
            try machine("edge-2", phase: .ready, cpu: 0.75, age: 12, isStale: true),
        ]
        let time = time
        let left = Mutex(pages)
        core.bus.handle(TopologyContract.loads) { (request: Inbound<LoadsQuery>) -> LoadsReply in
            guard
                left.withLock({ left in
                    left -= 1
                    return left >= 0
                })
            else { throw Failure(code: "gone", message: "the core is gone") }
            let found = machines.filter { request.body.name == nil || $0.name == request.body.name }
            if let name = request.body.name, found.isEmpty { throw FakeCore.notFound(.edge, name.text) }
            // One machine a page.
            let rest = found.filter { machine in request.body.after.map { $0 < machine.name } ?? true }
            return LoadsReply(time: time, machines: Array(rest.prefix(1)), hasMore: rest.count > 1)
        }
        core.bus.handle(TopologyContract.history) { (request: Inbound<HistoryQuery>) -> HistoryReply in
            let points = (0..<10).map { index in
                HistoryPoint(
                    start: request.body.from.advanced(by: .seconds(60 * index)), minimum: 0.1,
                    mean: 0.1 * Double(index),
                    maximum: 0.9, count: 60)
            }
            return HistoryReply(resolution: 60_000, points: points)
        }
        return core
    }

    private func machine(
        _ name: String, phase: SitePhase?, cpu: Double, age: Int = 1, isStale: Bool = false
    ) throws -> MachineLoad {
        let measured = time.advanced(by: .seconds(-age))
        let load = LoadReport(
            cpu: cpu, availableMemory: 6 << 30, freeDisk: 100 << 30, resident: 20 << 20, daemonCPU: 0.002,
            pressure: Pressure(
                cpu: .init(some: 0.31, full: 0), memory: .init(some: 0, full: 0), io: .init(some: 0.02, full: 0)),
            network: [InterfaceLoad(name: "eth0", receivedBytesPerSecond: 2048, sentBytesPerSecond: 1_048_576)])
        return MachineLoad(
            name: try Name(name), phase: phase, threads: 4, memory: 8 << 30, load: load,
            reporting: ReportingState(measured: measured, staleSince: isStale ? measured : nil))
    }

    @Test func printsEveryMachineTheBusiestEdgeFirst() async throws {
        let core = try core()
        try await core.serving {
            let run = await core.gedge("top")
            #expect(run.code == .success && run.error == "")
            #expect(
                run.lines.map { $0.split(separator: " ").first.map(String.init) } == [
                    "NAME", "core", "edge-2", "edge-1",
                ])
            #expect(
                run.lines[3].contains("25%") && run.lines[3].contains("31/0/2%") && run.lines[3].contains("1.0 MiB/s"))
            #expect(run.lines[2].contains("12 s stale"))
            #expect(run.lines[1].contains("▁"))
        }
    }

    @Test func jsonHasEveryPage() async throws {
        let core = try core()
        try await core.serving {
            let run = await core.gedge("top", "-o", "json")
            let reply = try JSONDecoder().decode(LoadsReply.self, from: Data(run.output.utf8))
            #expect(reply.machines.count == 3 && !reply.hasMore)
        }
    }

    @Test func oneMachineHasItsHistory() async throws {
        let core = try core()
        try await core.serving {
            let run = await core.gedge("top", "edge/edge-1", "--for", "10m")
            #expect(run.code == .success)
            #expect(run.lines.first?.hasPrefix("edge/edge-1 · Ready · 4 threads") == true)
            #expect(run.output.contains("pressure cpu") && run.output.contains("10.0% to 90.0%"))
            #expect(!run.output.contains("GPU"))
            #expect(await core.gedge("top", "edge/none").code == .notFound)
            #expect(await core.gedge("top", "core", "--once").lines.first?.hasPrefix("core · 4 threads") == true)
        }
    }

    @Test func theLivePictureIsDrawnOver() async throws {
        // The core is gone when three pictures, of three machines each, have been drawn.
        let core = try core(pages: 9)
        let run = try await core.serving { await core.gedge("top", "--every", "100ms", interactive: true) }
        #expect(run.code == .failed)
        var screen = Screen()
        screen.apply(run.output)
        #expect(screen.unknown.isEmpty)
        #expect(run.output.contains("\u{1B}[4A\u{1B}[J"))
        #expect(screen.lines.count == 4 && screen.lines[0].hasPrefix("NAME"))
    }

    @Test(arguments: [
        ["--once", "--watch"], ["--every", "10ms"], ["--for", "1h"], ["job/digits"], ["edge/edge-1", "--for", "1s"],
    ])
    func wrongWordsAreUsageErrors(words: [String]) async throws {
        let console = Console(output: ScriptedTerminal(), error: ScriptedTerminal(), environment: [:])
        #expect(await GEdge.run(["top"] + words, console: console, host: FakeHost()) == .usage)
    }

    @Test func pictureColumnsAreMeans() {
        let points: [(time: Int64, value: Double)] = [(0, 1), (10, 3), (99, 8), (100, 50), (-1, 50)]
        #expect(Sparkline.columns(points, from: 0, to: 100, columns: 4) == [2, nil, nil, 8])
        #expect(Sparkline.line([0, nil, 1], high: 1, isUnicode: true) == "▁ █")
        #expect(Sparkline.line([0, nil, 1], high: 1, isUnicode: false) == "_ #")
        #expect(Sparkline.plot([0, 1, nil], high: 1, height: 2, isUnicode: true) == [" █ ", "▁█ "])
    }
}
