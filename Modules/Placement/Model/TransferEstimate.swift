/// What moving bytes to an edge and back takes: bytes over bandwidth, and a round trip each way.
package struct TransferEstimate: Sendable, Hashable {
    /// Bytes the edge fetches, and sends.
    package var fetchedBytes: Double
    package var sentBytes: Double
    /// Bytes per second towards the edge, and away from it.
    package var downBytesPerSecond: Double
    package var upBytesPerSecond: Double
    package var roundTripSeconds: Double

    package init(
        fetchedBytes: Double, sentBytes: Double, downBytesPerSecond: Double, upBytesPerSecond: Double,
        roundTripSeconds: Double
    ) {
        self.fetchedBytes = fetchedBytes
        self.sentBytes = sentBytes
        self.downBytesPerSecond = downBytesPerSecond
        self.upBytesPerSecond = upBytesPerSecond
        self.roundTripSeconds = roundTripSeconds
    }

    /// Infinite when bytes are to move and the link carries none.
    package var seconds: Double {
        Self.seconds(fetchedBytes, downBytesPerSecond) + Self.seconds(sentBytes, upBytesPerSecond)
            + 2 * max(0, roundTripSeconds)
    }

    private static func seconds(_ bytes: Double, _ rate: Double) -> Double {
        bytes <= 0 ? 0 : rate > 0 ? bytes / rate : .infinity
    }
}
