/// An amount of processor, in thousandths of a hardware thread, written as Kubernetes does: `2`, `0.5`, `500m`.
public struct CPUQuantity: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    public let milliCPUs: Int

    public init(milliCPUs: Int) { self.milliCPUs = milliCPUs }

    /// Reads a `Quantity` of hardware threads, at most a million; what is finer than a thousandth is rounded up.
    /// - Returns: `nil` for anything else.
    public init?(_ text: String) {
        guard let quantity = Quantity(text), quantity.thousandths <= 1_000_000_000 else { return nil }
        milliCPUs = quantity.thousandths
    }

    public init(from decoder: any Decoder) throws {
        let milliCPUs = try Quantity(from: decoder).thousandths
        guard milliCPUs <= 1_000_000_000 else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "there are at most 1000000 hardware threads"))
        }
        self.milliCPUs = milliCPUs
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// As it is written: `2` or `500m`.
    public var description: String { milliCPUs.isMultiple(of: 1000) ? String(milliCPUs / 1000) : "\(milliCPUs)m" }

    public static func < (left: CPUQuantity, right: CPUQuantity) -> Bool { left.milliCPUs < right.milliCPUs }
}
