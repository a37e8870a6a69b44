/// What a link was seen to do, and how much to have on its way over it.
///
/// In flight belongs what the link carries in a round trip, and 10 ms more so that it never runs dry: less leaves it idle,
/// more only makes whatever is urgent wait behind it, which on a fast link is no matter. A window that is too small is found
/// out by itself: the rate that it allows, times the round trip and 10 ms, is more than the window.
struct LinkEstimate: Sendable {
    /// The least and the most to have in flight.
    static let windows = (128 << 10)...(4 << 20)
    /// What is in flight while nothing is known.
    static let firstWindow = 512 << 10
    static let margin = 0.010
    /// Bytes per second from which the most is in flight: it is gone in 80 ms, and what the ends do between receiving and
    /// granting takes longer than 10 ms.
    static let fast = 50e6
    /// How fast old measurements fade.
    private static let fading = 1.0
    /// After how long the shortest round trip is measured anew, because the way may have changed.
    private static let roundTripLifetime: Duration = .seconds(10)

    /// Bytes per second; `nil` until measured.
    private(set) var bytesPerSecond: Double?
    private var shortest: (roundTrip: Duration, at: ContinuousClock.Instant)?

    init() {}

    /// The shortest round trip of the last seconds; `nil` until measured.
    var roundTrip: Duration? { shortest?.roundTrip }

    /// So many bytes came in so much time, while there was always something to come.
    mutating func note(bytes: Int, over time: Duration) {
        let seconds = time / .seconds(1)
        guard bytes > 0, seconds > 0 else { return }
        let rate = Double(bytes) / seconds
        guard let old = bytesPerSecond else { return bytesPerSecond = rate }
        // Longer measurements count for more.
        let weight = seconds / (seconds + Self.fading)
        bytesPerSecond = old + (rate - old) * max(weight, 0.125)
    }

    mutating func note(roundTrip: Duration, at now: ContinuousClock.Instant) {
        guard roundTrip > .zero else { return }
        if let shortest, shortest.roundTrip <= roundTrip, now - shortest.at < Self.roundTripLifetime { return }
        shortest = (roundTrip, now)
    }

    /// Bytes to have on their way.
    var window: Int {
        guard let bytesPerSecond else { return Self.firstWindow }
        if bytesPerSecond >= Self.fast { return Self.windows.upperBound }
        let seconds = (roundTrip ?? .zero) / .seconds(1) + Self.margin
        return Int(min(Double(Self.windows.upperBound), max(Double(Self.windows.lowerBound), bytesPerSecond * seconds)))
    }

    /// Bytes of one message: a quarter of the window, so that something is always on its way and nothing urgent waits long.
    static func itemBytes(window: Int) -> Int { min(1 << 20, max(32 << 10, window / 4)) }
}
