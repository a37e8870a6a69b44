import Core
import Glibc

/// Numbers as people read them.
enum NumberText {
    /// `value` with exactly `digits` decimals, rounded half away from zero.
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return value.isNaN ? "nan" : "\(value)" }
        let scale = pow(10, Double(digits))
        let scaled = Int64((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return sign + String(scaled) }
        let text = String(scaled)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
    }

    /// A share of one, as `97.22%`.
    static func percent(_ share: Double) -> String { fixed(share * 100, digits: 2) + "%" }

    /// Bytes in binary units, as `31.2 KiB`.
    static func bytes(_ count: Int) -> String { ByteCount(count).description }

    /// A span of time, as `850ms`, `12.3s`, `4m05s`.
    static func span(seconds: Double) -> String {
        seconds.isFinite && abs(seconds) < 1e9 ? DurationText.brief(.milliseconds(Int64(seconds * 1000))) : "unknown"
    }

    /// An integer with thin groups, as `1,437`.
    static func grouped(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return value < 0 ? "-" + result : result
    }
}
