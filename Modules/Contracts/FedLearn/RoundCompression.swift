/// How a round's updates were sent.
public struct RoundCompression: Codable, Sendable, Hashable {
    /// As the edges were told; never `auto`.
    public var sent: CompressionSpec
    /// What the contributors' updates are when they are whole.
    public var wholeBytes: Int
    /// The share of an edge's time that `int8` would have saved: the median over the contributors. Under `auto`, for a round whose
    /// updates were whole and whose times are known.
    public var predictedSaving: Double?

    public init(sent: CompressionSpec, wholeBytes: Int, predictedSaving: Double? = nil) {
        self.sent = sent
        self.wholeBytes = wholeBytes
        self.predictedSaving = predictedSaving
    }
}
