/// A number of bytes, written as people do: `64MiB`, `1.5GiB`, `1000`. Kubernetes' `64Mi` is read as well.
public struct ByteCount: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    public let bytes: Int

    public init(_ bytes: Int) { self.bytes = bytes }

    private static let units: [(name: String, factor: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1),
    ]

    /// What Kubernetes calls them, in its spelling alone: there `m` is a thousandth.
    private static let kubernetesUnits: [Substring: Int] = [
        "k": 1000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000, "P": 1_000_000_000_000_000,
        "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50,
    ]

    /// Reads a number with one of the units `B kB MB GB TB KiB MiB GiB TiB` or Kubernetes' `k M G T P Ki Mi Gi Ti Pi`, or without
    /// one for bytes.
    /// - Returns: `nil` when `text` is anything else, is negative, or exceeds `Int`.
    public init?(_ text: String) {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let name = text.dropFirst(number.count).drop { $0 == " " }
        guard let first = number.first, first != ".", number.last != "." else { return nil }
        let factor: Int
        if name.isEmpty {
            factor = 1
        } else if let unit = Self.units.first(where: { $0.name.lowercased() == name.lowercased() }) {
            factor = unit.factor
        } else if let known = Self.kubernetesUnits[name] {
            factor = known
        } else {
            return nil
        }
        if let whole = Int(number) {
            let (product, overflow) = whole.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            bytes = product
        } else {
            guard let value = Double(number), let product = Int(exactly: (value * Double(factor)).rounded()) else {
                return nil
            }
            bytes = product
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // A bare number is bytes; anything else must be a text with a unit.
        if let bytes = try? container.decode(Int.self), bytes >= 0 {
            self.bytes = bytes
        } else if let text = try? container.decode(String.self), let count = ByteCount(text) {
            self = count
        } else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "a size must be a number of bytes such as 4096, 64MiB or 1.5GB"))
        }
    }

    /// Writes the largest binary unit that divides the number, so that nothing is lost.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        for unit in Self.units.prefix(4) where bytes != 0 && bytes.isMultiple(of: unit.factor) {
            return try container.encode("\(bytes / unit.factor)\(unit.name)")
        }
        try container.encode(bytes)
    }

    /// For a display, with three digits at least: `512 B`, `1.5 MiB`, `10.0 GiB`.
    public var description: String {
        let magnitude = bytes.magnitude
        guard magnitude >= 1024 else { return "\(bytes) B" }
        var value = Double(magnitude)
        var name = "B"
        for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] where value >= 1023.95 {
            value /= 1024
            name = next
        }
        let tenths = Int((value * 10).rounded())
        return "\(bytes < 0 ? "-" : "")\(tenths / 10).\(tenths % 10) \(name)"
    }

    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}
