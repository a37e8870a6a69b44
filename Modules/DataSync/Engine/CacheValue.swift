/// What a version that nobody needs now is worth keeping for: GreedyDual-Size-Frequency (L. Cherkasova, "Improving WWW Proxies
/// Performance with Greedy-Dual-Size-Frequency Caching Policy", HPL-98-69R1, 1998).
///
/// value = age + frequency x cost / size, where the cost is the time it takes to fetch it again and the age is the value of
/// what was evicted last: what is not used again is overtaken by what is, however much it was used once.
enum CacheValue {
    /// Bytes per second of a link that was not measured.
    static let unknownRate = 10e6
    /// Round trips that a fetch takes before its bytes come, and how long one is that was not measured.
    static let roundTrips = 4.0
    static let unknownRoundTrip: Duration = .milliseconds(5)

    /// Seconds that it takes to fetch something again.
    static func cost(bytes: Int, bytesPerSecond: Double?, roundTrip: Duration?) -> Double {
        let rate = bytesPerSecond.map { max($0, 1) } ?? unknownRate
        return roundTrips * ((roundTrip ?? unknownRoundTrip) / .seconds(1)) + Double(max(0, bytes)) / rate
    }

    /// What is evicted first has the least.
    /// - Parameters:
    ///   - frequency: how often it was wanted since it came.
    ///   - bytes: on disk.
    static func value(age: Double, frequency: Int, cost: Double, bytes: Int) -> Double {
        // Per MiB, so that the numbers are of a size that people can read.
        age + Double(frequency) * cost * Double(1 << 20) / Double(max(1, bytes))
    }
}
