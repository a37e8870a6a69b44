import Contracts
import Core

/// Every machine's load on a terminal, drawn over again and again; or once, line by line.
struct TopDisplay: Sendable {
    let core: CoreClient
    let console: Console

    /// How far back the small picture of the processors goes.
    private static let trendSpan = Duration.seconds(600)
    /// How often it is asked for again.
    private static let trendInterval = Duration.seconds(10)

    /// Prints the table once.
    func once() async throws {
        let (time, machines) = try await machines()
        let trends = try await trends(of: machines.prefix(50).map(\.name), at: time)
        let lines = table(time, machines, trends, width: console.output.isInteractive ? console.output.width : nil)
        for line in lines { try console.print(line) }
    }

    /// Draws until interrupted. The picture stays on the terminal when it ends.
    func live(every interval: Duration) async throws {
        var drawn = 0
        var trends: [Name: [Double?]] = [:]
        var asked: ContinuousClock.Instant?
        while true {
            let (time, machines) = try await machines()
            let room = max(1, console.output.height - 3)
            if asked.map({ .now - $0 >= Self.trendInterval }) ?? true {
                trends = try await self.trends(of: machines.prefix(room).map(\.name), at: time)
                asked = .now
            }
            var lines = table(time, Array(machines.prefix(room)), trends, width: console.output.width)
            if machines.count > room {
                lines.append(console.palette.dim("and \(machines.count - room) more; gedge top --once shows all"))
            }
            let erase = drawn > 0 ? "\u{1B}[\(drawn)A\u{1B}[J" : ""
            try console.output.write(erase + lines.map { $0 + "\n" }.joined())
            drawn = lines.count
            try await Task.sleep(for: interval)
        }
    }

    /// The busiest first, the core before them all.
    func machines() async throws -> (time: Timestamp, machines: [MachineLoad]) {
        var machines: [MachineLoad] = []
        var query = LoadsQuery()
        while true {
            let page = try await core.call(TopologyContract.loads, query)
            machines += page.machines
            guard page.hasMore, let last = page.machines.last?.name, last != query.after else {
                return (page.time, machines.sorted(by: Self.isBefore))
            }
            query.after = last
        }
    }

    private static func isBefore(_ left: MachineLoad, _ right: MachineLoad) -> Bool {
        let isLeftCore = left.phase == nil
        if isLeftCore != (right.phase == nil) { return isLeftCore }
        let (isLeftReady, isRightReady) = (left.phase == .ready, right.phase == .ready)
        if isLeftReady != isRightReady { return isLeftReady }
        return left.load.cpu != right.load.cpu ? left.load.cpu > right.load.cpu : left.name < right.name
    }

    private func trends(of names: [Name], at time: Timestamp) async throws -> [Name: [Double?]] {
        var trends: [Name: [Double?]] = [:]
        for name in names {
            let from = time.advanced(by: .zero - Self.trendSpan)
            let query = HistoryQuery(site: name, metric: .cpu, from: from, to: time, most: 200)
            let points = try await core.call(TopologyContract.history, query).points
            trends[name] = Sparkline.columns(
                points.map { ($0.start.milliseconds, $0.mean) }, from: from.milliseconds, to: time.milliseconds,
                columns: TopText.trendColumns)
        }
        return trends
    }

    private func table(
        _ time: Timestamp, _ machines: [MachineLoad], _ trends: [Name: [Double?]], width: Int?
    ) -> [String] {
        let text = TopText(palette: console.palette, time: time)
        let showsGPU = machines.contains { $0.load.gpus?.isEmpty == false }
        return Table(
            columns: text.columns(showsGPU: showsGPU),
            rows: machines.map { text.row($0, trend: trends[$0.name], showsGPU: showsGPU) }
        ).lines(palette: console.palette, width: width)
    }
}
