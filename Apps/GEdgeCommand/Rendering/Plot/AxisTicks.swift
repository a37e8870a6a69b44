import Glibc

/// Round numbers along an axis: 1, 2 or 5 times a power of ten apart.
struct AxisTicks: Sendable, Hashable {
    let values: [Double]
    /// What the axis spans; it begins and ends at a tick.
    let range: ClosedRange<Double>

    /// - Parameters:
    ///   - count: about how many.
    ///   - step: the least distance, such as 1 for things that are counted.
    init(_ lower: Double, _ upper: Double, count: Int = 5, atLeast step: Double = 0) {
        let (low, high) =
            lower < upper ? (lower, upper) : (lower - max(0.5, abs(lower) / 2), lower + max(0.5, abs(lower) / 2))
        let raw = (high - low) / Double(max(1, count))
        let power = pow(10, log10(raw).rounded(.down))
        let nice = [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= raw * 0.999 } ?? 10 * power
        let width = max(nice, step)
        let (first, last) = ((low / width + 1e-9).rounded(.down), (high / width - 1e-9).rounded(.up))
        values = stride(from: first, through: last, by: 1).map { $0 * width }
        range = (first * width)...(last * width)
    }

    /// Like the above for bytes: 1, 2 or 5 times a power of two.
    init(bytes upper: Double, count: Int = 5) {
        let raw = max(1, upper) / Double(count)
        let width = pow(2, log2(raw).rounded(.up))
        let last = max(1, (upper / width - 1e-9).rounded(.up))
        values = stride(from: 0, through: last, by: 1).map { $0 * width }
        range = 0...(last * width)
    }

    /// As many digits as tell such numbers apart.
    static func text(_ value: Double) -> String {
        if value == 0 { return "0" }
        let magnitude = abs(value)
        if magnitude >= 1e6 || magnitude < 1e-3 { return "\(Float(value))" }
        let text = NumberText.fixed(value, digits: magnitude >= 100 ? 0 : magnitude >= 1 ? 2 : 4)
        guard text.contains(".") else { return text }
        let trimmed = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
        return String(trimmed.reversed())
    }
}
