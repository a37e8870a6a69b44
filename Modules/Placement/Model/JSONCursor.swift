/// Reads JSON (RFC 8259) from its bytes, front to back, into whatever the caller makes of it; no tree is built.
///
/// Foundation's decoder reads some 14 MB/s; an instance of 50,000 nodes has tens of MB. Errors name the place as a path, such
/// as `nodes.up[17]`.
struct JSONCursor {
    private let bytes: [UInt8]
    private var position = 0
    private var path: [Step] = []

    private enum Step {
        case key(String)
        case index(Int)
    }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Where the cursor is, for a message.
    var place: String {
        var text = ""
        for step in path {
            switch step {
            case .key(let key): text += text.isEmpty ? key : ".\(key)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text.isEmpty ? "the document" : text
    }

    func malformed(_ message: String) -> PlacementError {
        PlacementError(.malformed, "\(place): \(message) (byte \(position))")
    }

    func invalid(_ message: String) -> PlacementError { PlacementError(.invalidValue, "\(place): \(message)") }

    // MARK: Structure

    /// Calls `member` for each member of an object, with the cursor on its value.
    mutating func object(_ member: (String, inout JSONCursor) throws(PlacementError) -> Void) throws(PlacementError) {
        try expect("{", "an object")
        if take("}") { return }
        repeat {
            skipSpace()
            let key = try string()
            try expect(":", "a colon after a key")
            path.append(.key(key))
            try member(key, &self)
            path.removeLast()
        } while take(",")
        try expect("}", "a comma or the end of an object")
    }

    /// Calls `element` for each element of an array, with the cursor on it.
    mutating func array(_ element: (Int, inout JSONCursor) throws(PlacementError) -> Void) throws(PlacementError) {
        try expect("[", "an array")
        if take("]") { return }
        var index = 0
        repeat {
            path.append(.index(index))
            try element(index, &self)
            path.removeLast()
            index += 1
        } while take(",")
        try expect("]", "a comma or the end of an array")
    }

    /// Checks that nothing but white space follows.
    mutating func end() throws(PlacementError) {
        skipSpace()
        guard position == bytes.count else { throw malformed("something follows the end of the document") }
    }

    // MARK: Values

    /// The largest number that is taken, and the smallest above zero that may be divided by: whatever is made of a dozen such
    /// numbers is finite.
    static let most = 1e15
    static let least = 1e-9

    /// A number of at most `most`; whether it may be negative is for the caller.
    mutating func number() throws(PlacementError) -> Double {
        skipSpace()
        let start = position
        var mantissa: UInt64 = 0
        var digits = 0
        var scale = 0
        let isNegative = position < bytes.count && bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let first = position
        while position < bytes.count, let digit = Self.digit(bytes[position]) {
            mantissa = mantissa &* 10 &+ UInt64(digit)
            digits += 1
            position += 1
        }
        guard digits > 0, digits == 1 || bytes[first] != UInt8(ascii: "0") else {
            position = start
            throw malformed("a number is expected; NaN and infinity are none")
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            let fraction = position
            while position < bytes.count, let digit = Self.digit(bytes[position]) {
                mantissa = mantissa &* 10 &+ UInt64(digit)
                digits += 1
                position += 1
            }
            scale = position - fraction
            guard scale > 0 else { throw malformed("a digit is expected after the decimal point") }
        }
        var isSimple = digits <= 15 && scale <= 15
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isSimple = false
            position += 1
            while position < bytes.count,
                Self.digit(bytes[position]) != nil || [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[position])
            { position += 1 }
        }
        if isSimple {
            // Of 15 digits at most, so below `most`. Both are exact, so that one division rounds once: the nearest double (Clinger 1990).
            let value = Double(mantissa) / Self.powers[scale]
            return isNegative ? -value : value
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text) else { throw malformed("'\(text)' is no number") }
        guard value.magnitude <= Self.most else {
            throw invalid("\(text.prefix(40)) is given where at most \(Self.most) is taken; correct it")
        }
        return value
    }

    /// A number that is at least `least`.
    mutating func number(atLeast least: Double) throws(PlacementError) -> Double {
        let value = try number()
        guard value >= least else { throw invalid("\(value) is given where at least \(least) is needed; correct it") }
        return value
    }

    /// A number above zero, of at least `least`.
    mutating func positive() throws(PlacementError) -> Double {
        let value = try number()
        guard value >= Self.least else {
            throw invalid(
                "\(value) is given where a number above zero is needed, of at least \(Self.least); correct it")
        }
        return value
    }

    /// A whole number of at least zero and below `limit`.
    mutating func index(below limit: Int, of what: String) throws(PlacementError) -> Int {
        let value = try number()
        guard value >= 0, value < Double(limit), value.rounded() == value else {
            throw invalid("\(value) names none of the \(limit) \(what); they count from 0")
        }
        return Int(value)
    }

    /// A whole number in a range.
    mutating func integer(in range: ClosedRange<Int>) throws(PlacementError) -> Int {
        let value = try number()
        guard let whole = Int(exactly: value), range.contains(whole) else {
            throw invalid("\(value) is given where a whole number of at least \(range.lowerBound) is needed")
        }
        return whole
    }

    /// Whether a `null` stood here, which is then read.
    mutating func null() -> Bool { literal("null") }

    /// Whether `word` stood here, which is then read.
    mutating func literal(_ word: String) -> Bool {
        skipSpace()
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    /// Whether a string comes next.
    var isAtString: Bool {
        mutating get {
            skipSpace()
            return position < bytes.count && bytes[position] == UInt8(ascii: "\"")
        }
    }

    mutating func string() throws(PlacementError) -> String {
        try expect("\"", "a string")
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
            guard bytes[position] >= 0x20 else { throw malformed("a control character stands inside a string") }
            position += 1
        }
        guard position < bytes.count else { throw malformed("a string does not end") }
        guard bytes[position] == UInt8(ascii: "\"") else {
            throw malformed("names are written without a backslash here")
        }
        position += 1
        return String(decoding: bytes[start..<position - 1], as: UTF8.self)
    }

    /// Passes over a value of a field that this program does not know.
    mutating func skip(depth: Int = 0) throws(PlacementError) {
        skipSpace()
        guard position < bytes.count, depth < 64 else { throw malformed("a value is expected") }
        switch bytes[position] {
        case UInt8(ascii: "{"): try object { (_, cursor) throws(PlacementError) in try cursor.skip(depth: depth + 1) }
        case UInt8(ascii: "["): try array { (_, cursor) throws(PlacementError) in try cursor.skip(depth: depth + 1) }
        case UInt8(ascii: "\""):
            position += 1
            while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
                position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            position += 1
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            guard let word = ["true", "false", "null"].first(where: { bytes[position...].starts(with: $0.utf8) })
            else { throw malformed("a value is expected") }
            position += word.utf8.count
        default: _ = try number()
        }
    }

    // MARK: Bytes

    private static let powers: [Double] = (0...15).map { exponent in
        (0..<exponent).reduce(1.0) { value, _ in value * 10 }
    }

    @inline(__always)
    private static func digit(_ byte: UInt8) -> UInt8? {
        let digit = byte &- UInt8(ascii: "0")
        return digit < 10 ? digit : nil
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0a, 0x0d, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar, _ what: String) throws(PlacementError) {
        guard take(character) else {
            throw malformed(
                position < bytes.count ? "\(what) is expected" : "the document ends where \(what) is expected")
        }
    }
}
