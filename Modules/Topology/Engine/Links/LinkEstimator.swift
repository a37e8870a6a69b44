import Contracts
import Core

/// What is known of one direction of a link, from bounded windows of measurements: state in, estimate out, no clock.
///
/// - **Round trip**: the median of the window; its spread is the median absolute deviation times 1.4826, which for normally
///   distributed noise is the standard deviation (Rousseeuw and Croux 1993). Neither moves much while fewer than half of the
///   measurements are wrong.
/// - **Loss**: the share of the window that was not answered.
/// - **Bandwidth**: the upper quartile of what transfers got, each weighted by how long it took and how new it is: others on
///   the same link and slow receivers only ever lower what a transfer gets, so the middle would be too low, and the maximum
///   would believe every burst. A transfer that one of its ends held up says what the link carries at least: it counts where
///   it raises the estimate and nowhere else, as in BBR's delivery rate (draft-cheng-iccrg-delivery-rate-estimation-02).
///
/// What order measurements come in does not matter, only when they were made.
struct LinkEstimator: Codable, Sendable, Hashable {
    /// How a call went; `seconds` is absent when it was not answered.
    struct Probe: Codable, Sendable, Hashable {
        var at: Timestamp
        var seconds: Double?
    }

    struct Transfer: Codable, Sendable, Hashable {
        var at: Timestamp
        var bytesPerSecond: Double
        var seconds: Double
    }

    static let probeWindow = 64
    static let transferWindow = 32
    static let limitedWindow = 16
    /// Seconds of a round trip beyond which it is none.
    static let longestRoundTrip = 600.0
    /// Bytes per second beyond which a rate is none: 80 terabits.
    static let highestRate = 1e13
    /// Bytes and seconds of a transfer below which it says more of the round trip than of the bandwidth.
    static let fewestBytes = 64 << 10
    static let shortestTransfer = 0.02
    /// A transfer must take so many round trips.
    static let fewestRoundTrips = 4.0
    /// A longer transfer counts no more than one of so many seconds.
    private static let longestWeight = 10.0
    /// What a transfer counts of what the next newer one counts.
    private static let fading = 0.85
    private static let quantile = 0.75

    private(set) var probes: [Probe] = []
    private(set) var transfers: [Transfer] = []
    private(set) var limited: [Transfer] = []

    // MARK: Measurements

    /// A call took so long, or was not answered.
    /// - Returns: whether that can be.
    mutating func note(roundTrip seconds: Double?, at time: Timestamp) -> Bool {
        if let seconds, !(seconds > 0 && seconds <= Self.longestRoundTrip) { return false }
        Self.insert(Probe(at: time, seconds: seconds), into: &probes, limit: Self.probeWindow) { left, right in
            (left.at, left.seconds ?? -1) < (right.at, right.seconds ?? -1)
        }
        return true
    }

    /// A transfer moved so many bytes in so many seconds.
    /// - Parameter isLimited: whether something other than the link held it up.
    /// - Returns: whether that can be; one that is too short to say something is taken and does not count.
    mutating func note(bytes: Int, over seconds: Double, isLimited: Bool, at time: Timestamp) -> Bool {
        guard bytes > 0, seconds > 0, seconds.isFinite else { return false }
        let rate = Double(bytes) / seconds
        guard rate.isFinite, rate > 0, rate <= Self.highestRate else { return false }
        let tells =
            bytes >= Self.fewestBytes && seconds >= Self.shortestTransfer
            && seconds >= Self.fewestRoundTrips * (roundTrip?.median ?? 0)
        guard tells else { return true }
        let transfer = Transfer(at: time, bytesPerSecond: rate, seconds: seconds)
        func isOlder(_ left: Transfer, _ right: Transfer) -> Bool {
            (left.at, left.bytesPerSecond, left.seconds) < (right.at, right.bytesPerSecond, right.seconds)
        }
        if isLimited {
            Self.insert(transfer, into: &limited, limit: Self.limitedWindow, isOlder)
        } else {
            Self.insert(transfer, into: &transfers, limit: Self.transferWindow, isOlder)
        }
        return true
    }

    /// Drops what was measured after `time`: the clock was set back since.
    mutating func drop(after time: Timestamp) {
        probes.removeAll { $0.at > time }
        transfers.removeAll { $0.at > time }
        limited.removeAll { $0.at > time }
    }

    // MARK: Estimates

    /// Seconds; `nil` until a call was answered.
    var roundTrip: (median: Double, spread: Double)? {
        let seconds = probes.compactMap(\.seconds)
        guard !seconds.isEmpty else { return nil }
        let median = Self.median(seconds)
        return (median, 1.4826 * Self.median(seconds.map { abs($0 - median) }))
    }

    /// 0 to 1; `nil` until there was a call.
    var loss: Double? {
        probes.isEmpty ? nil : Double(probes.count { $0.seconds == nil }) / Double(probes.count)
    }

    /// What one transfer gets; `nil` until one was measured. While only transfers were seen that something else held up, it
    /// is what they got: the least that the link carries.
    var bytesPerSecond: Double? {
        let free = Self.weighted(transfers)
        guard let estimate = Self.quantile(free) else { return Self.quantile(Self.weighted(limited)) }
        return Self.quantile(free + Self.weighted(limited).filter { $0.rate > estimate })
    }

    /// When a call was last answered or not, and when a transfer that counts was last measured.
    var probed: Timestamp? { probes.last?.at }
    var transferred: Timestamp? { [transfers.last?.at, limited.last?.at].compactMap(\.self).max() }

    // MARK: Windows

    /// Keeps the newest, oldest first.
    private static func insert<Item>(
        _ item: Item, into window: inout [Item], limit: Int, _ isOlder: (Item, Item) -> Bool
    ) {
        let place = window.lastIndex { !isOlder(item, $0) }.map { $0 + 1 } ?? 0
        window.insert(item, at: place)
        if window.count > limit { window.removeFirst() }
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    private static func weighted(_ transfers: [Transfer]) -> [(rate: Double, weight: Double)] {
        var age = 1.0
        return transfers.reversed().map { transfer in
            defer { age *= fading }
            return (transfer.bytesPerSecond, age * min(longestWeight, transfer.seconds))
        }
    }

    /// The least rate up to which that share of the weight lies.
    private static func quantile(_ items: [(rate: Double, weight: Double)]) -> Double? {
        let sorted = items.sorted { $0.rate < $1.rate }
        let goal = quantile * sorted.reduce(0) { $0 + $1.weight }
        var sum = 0.0
        for item in sorted {
            sum += item.weight
            if sum >= goal { return item.rate }
        }
        return sorted.last?.rate
    }
}
