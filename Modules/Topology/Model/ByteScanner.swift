/// Reads numbers out of the kernel's text files, byte by byte: they are read every second, and strings cost more than all the rest.
struct ByteScanner {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    init(_ text: String) { self.init(Array(text.utf8)[...]) }

    var isAtEnd: Bool { position >= bytes.endIndex }

    /// Whether the rest starts with `word`, which is then behind.
    mutating func skip(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.endIndex - position >= count else { return false }
        for offset in 0..<count where bytes[position + offset] != word.utf8Start[offset] { return false }
        position += count
        return true
    }

    mutating func skipSpaces() {
        while position < bytes.endIndex, bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t") {
            position += 1
        }
    }

    mutating func skipLine() {
        while position < bytes.endIndex, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        if position < bytes.endIndex { position += 1 }
    }

    /// The whole number that comes next on this line; `nil` when something else does, or one that is too large.
    mutating func number() -> Int64? {
        skipSpaces()
        let start = position
        var value: Int64 = 0
        while position < bytes.endIndex, let digit = Self.digit(bytes[position]) {
            let (product, productOverflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(digit)
            if productOverflow || overflow { return nil }
            value = sum
            position += 1
        }
        return position > start ? value : nil
    }

    /// The number with decimals that comes next on this line.
    mutating func decimal() -> Double? {
        guard let whole = number() else { return nil }
        var value = Double(whole)
        guard position < bytes.endIndex, bytes[position] == UInt8(ascii: ".") else { return value }
        position += 1
        var scale = 0.1
        while position < bytes.endIndex, let digit = Self.digit(bytes[position]) {
            value += Double(digit) * scale
            scale /= 10
            position += 1
        }
        return value
    }

    /// What follows `key` at the start of a later line, or this one.
    mutating func number(after key: StaticString) -> Int64? {
        while !isAtEnd {
            if skip(key) { return number() }
            skipLine()
        }
        return nil
    }

    private static func digit(_ byte: UInt8) -> Int64? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int64(byte - UInt8(ascii: "0")) : nil
    }
}
