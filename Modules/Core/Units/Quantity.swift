/// An amount as Kubernetes writes it: `500m`, `2`, `0.5`, `512Mi`, `1e3`
/// (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/).
///
/// It is exact to a thousand-millionth; what is finer is rounded up, as Kubernetes does. There is no negative one here.
public struct Quantity: Sendable, Hashable, Codable, CustomStringConvertible {
    public static let zero = Quantity(text: "0", nanos: 0)

    /// As it was written.
    private let text: String
    private let nanos: Int128

    private init(text: String, nanos: Int128) {
        self.text = text
        self.nanos = nanos
    }

    private static let nanosPerUnit: Int128 = 1_000_000_000

    private static let suffixes: [Substring: Int128] = {
        var suffixes: [Substring: Int128] = ["n": 1, "u": 1000, "m": 1_000_000, "": nanosPerUnit]
        for (power, letter) in ["k", "M", "G", "T", "P", "E"].enumerated() {
            suffixes[Substring(letter)] = (0...power).reduce(nanosPerUnit) { factor, _ in factor * 1000 }
        }
        for (power, letter) in ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].enumerated() {
            suffixes[Substring(letter)] = nanosPerUnit << (10 * (power + 1))
        }
        return suffixes
    }()

    /// - Returns: `nil` for what is no quantity, is negative, or is `2^63` or more.
    public init?(_ text: String) {
        guard text.utf8.count <= 40 else { return nil }
        let unsigned = text.hasPrefix("+") ? text.dropFirst() : text[...]
        let number = unsigned.prefix { $0 == "." || $0.isASCII && $0.isNumber }
        let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.contains(where: { !$0.isEmpty }), parts.allSatisfy({ !$0.contains(".") }),
            let factor = Self.factor(unsigned.dropFirst(number.count))
        else { return nil }
        // Digits that no 64-bit number has are refused before they are multiplied; those of a fraction count to the ninth.
        let whole = parts[0].isEmpty ? 0 : Int128(parts[0])
        guard let whole, whole < 1 << 63 else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        var nanos = product
        if parts.count == 2, !parts[1].isEmpty {
            let digits = parts[1].prefix(18)
            guard let fraction = Int128(digits) else { return nil }
            let scale = digits.reduce(Int128(1)) { scale, _ in scale * 10 }
            let (scaled, tooLarge) = fraction.multipliedReportingOverflow(by: factor)
            guard !tooLarge else { return nil }
            let isCut = parts[1].dropFirst(18).contains { $0 != "0" }
            nanos += (scaled + scale - 1) / scale + (isCut && scaled.isMultiple(of: scale) ? 1 : 0)
        }
        guard nanos < Self.nanosPerUnit << 63 else { return nil }
        self.init(text: text, nanos: nanos)
    }

    private static func factor(_ suffix: Substring) -> Int128? {
        if let factor = suffixes[suffix] { return factor }
        guard let first = suffix.first, first == "e" || first == "E" else { return nil }
        guard let exponent = Int(suffix.dropFirst()), (-9...18).contains(exponent) else { return nil }
        return exponent < 0
            ? (exponent..<0).reduce(nanosPerUnit) { factor, _ in factor / 10 }
            : (0..<exponent).reduce(nanosPerUnit) { factor, _ in factor * 10 }
    }

    /// Whole units, rounded up.
    public var units: Int64 { Int64(clamping: (nanos + Self.nanosPerUnit - 1) / Self.nanosPerUnit) }

    /// Thousandths, rounded up.
    public var thousandths: Int { Int(clamping: (nanos + 999_999) / 1_000_000) }

    public var description: String { text }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // A bare number is an amount too; which of the three forms it has is told by which one decodes.
        let text =
            (try? container.decode(String.self)) ?? (try? container.decode(Int.self)).map(String.init)
            ?? (try? container.decode(Double.self)).map { "\($0)" }
        guard let text, let quantity = Quantity(text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "an amount must be a Kubernetes quantity such as 500m, 2, 0.5 or 512Mi"))
        }
        self = quantity
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public static func == (left: Quantity, right: Quantity) -> Bool { left.nanos == right.nanos }
    public func hash(into hasher: inout Hasher) { hasher.combine(nanos) }
}
