/// One series of a gauge whose series are made when the text is written.
public struct GaugeSample: Sendable, Hashable {
    public let labels: [String: String]
    public let value: Double

    public init(labels: [String: String], value: Double) {
        self.labels = labels
        self.value = value
    }
}
