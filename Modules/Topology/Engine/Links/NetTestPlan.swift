import Contracts
import Core

/// What a test of a link measures, and how often, within its limits.
struct NetTestPlan: Sendable, Hashable {
    static let sizes = 1...NetSourceRequest.maximumBytes
    static let maximumSizes = 16
    static let maximumFlows = 16
    static let maximumRoundTrips = 10_000
    static let maximumBytes = 64 << 30
    /// A transfer that would take longer than this is left out.
    static let usualPatience = 30.0
    /// A size is measured again until it took so long, or so often.
    static let enough = 1.0
    static let mostRepetitions = 20

    let request: NetTestRequest
    let patience: Double
    /// Bytes sent so far.
    private(set) var sent = 0
    /// How many bytes may have been sent when the direction that is being measured is done: the first has half of the limit, and
    /// the other what is left.
    private var most: Int
    /// What the direction that is being measured did lately, in bytes per second.
    private(set) var rate: Double?

    /// - Throws: `TopologyError` `invalid` for a test that is out of bounds.
    init(_ request: NetTestRequest, patience: Double = usualPatience) throws(TopologyError) {
        func check(_ isGood: Bool, _ what: @autoclosure () -> String) throws(TopologyError) {
            if !isGood { throw TopologyError("invalid", "a test of a link takes \(what())") }
        }
        try check(
            (0...Self.maximumRoundTrips).contains(request.roundTrips),
            "0 to \(Self.maximumRoundTrips) round trips, not \(request.roundTrips)")
        try check(
            request.sizes.count <= Self.maximumSizes, "at most \(Self.maximumSizes) sizes, not \(request.sizes.count)")
        for size in request.sizes {
            try check(Self.sizes.contains(size), "sizes of 1 byte to \(Self.sizes.upperBound), not \(size)")
        }
        try check(
            (1...Self.maximumFlows).contains(request.flows),
            "1 to \(Self.maximumFlows) flows, not \(request.flows)")
        try check(request.lane != .control, "the model or the bulk lane; what is urgent is not to wait for it")
        try check(
            (0...Self.maximumBytes).contains(request.byteLimit),
            "a limit of at most \(ByteCount(Self.maximumBytes)), not \(request.byteLimit)")
        self.request = request
        self.patience = patience
        most = request.byteLimit / 2
    }

    /// The sizes, small ones first, so that what is too much for the link is known before it is tried.
    var sizes: [Int] { request.sizes.sorted() }

    /// The steps of the whole test.
    var steps: Int { (request.roundTrips > 0 ? 1 : 0) + 2 * request.sizes.count }

    /// Bytes that one transfer of each flow may have on their way, of 16 MiB in all.
    var window: Int { max(1, min(4, 16 / request.flows)) * NetSourceRequest.maximumItemBytes }

    /// The first direction is done. The other is another link.
    mutating func turn() {
        rate = nil
        most = request.byteLimit
    }

    /// Why transfers of `size` are left out; `nil` when they are to be measured.
    func obstacle(to size: Int) -> String? {
        let bytes = size * request.flows
        if bytes > most - sent {
            let share = most < request.byteLimit ? "this direction's half of the limit" : "the limit"
            return "\(share) of \(ByteCount(request.byteLimit)) does not go so far"
        }
        guard let rate, Double(bytes) / rate > patience else { return nil }
        return "it would take about \(Int((Double(bytes) / rate).rounded())) seconds"
    }

    /// Whether to measure `size` once more after it took `durations`.
    func goesOn(_ size: Int, after durations: [Double]) -> Bool {
        durations.count < Self.mostRepetitions && durations.reduce(0, +) < Self.enough && obstacle(to: size) == nil
    }

    /// A transfer of each flow took so long.
    mutating func took(_ seconds: Double, _ size: Int) {
        sent += size * request.flows
        if seconds > 0 { rate = Double(size * request.flows) / seconds }
    }

    /// The result for a size.
    func result(_ size: Int, from: PeerID, to: PeerID, durations: [Double]) -> NetTestThroughput {
        var result = NetTestThroughput(
            from: from, to: to, size: size, flows: request.flows, repetitions: durations.count)
        guard !durations.isEmpty else {
            result.skipped = obstacle(to: size)
            return result
        }
        let median = NetTestLatency.percentile(50, of: durations.sorted())
        result.seconds = median
        result.bytesPerSecond = median > 0 ? Double(size * request.flows) / median : nil
        return result
    }
}
