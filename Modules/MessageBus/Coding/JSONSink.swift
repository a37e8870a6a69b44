/// JSON on its way out, written as the values come: containers that are still open, and the bytes so far.
///
/// `Codable` never says when a container is complete. It is when something is written to one further out, or the value it
/// belongs to returns.
final class JSONSink {
    private struct Frame {
        let isObject: Bool
        let number: Int
        var isEmpty = true
    }

    private(set) var bytes: [UInt8] = []
    private var frames: [Frame] = []
    private var opened = 0
    /// A container was used after the next one was begun: what was written is no JSON of the value.
    private(set) var isBroken = false
    /// The names that lead to the value being written, for errors.
    var path: [any CodingKey] = []

    init() { bytes.reserveCapacity(256) }

    /// An open container.
    struct Place {
        /// How many containers are open while it is the innermost.
        let depth: Int
        fileprivate let number: Int
    }

    /// The container that belongs to a value which began while `base` containers were open: a new one, or the same again.
    func container(object isObject: Bool, base: Int) -> Place {
        if base < frames.count {
            isBroken = isBroken || frames[base].isObject != isObject
            return Place(depth: base + 1, number: frames[base].number)
        }
        opened += 1
        bytes.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
        frames.append(Frame(isObject: isObject, number: opened))
        return Place(depth: frames.count, number: opened)
    }

    /// Completes the containers that are deeper than `depth`.
    func unwind(to depth: Int) {
        while frames.count > depth {
            bytes.append(frames.removeLast().isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
        }
    }

    /// Begins the next element of `place`, which becomes the innermost.
    func beginElement(in place: Place) {
        unwind(to: place.depth)
        guard frames.last?.number == place.number else {
            isBroken = true
            return
        }
        if frames[place.depth - 1].isEmpty {
            frames[place.depth - 1].isEmpty = false
        } else {
            bytes.append(UInt8(ascii: ","))
        }
    }

    func beginMember(_ name: String, in place: Place) {
        beginElement(in: place)
        write(name)
        bytes.append(UInt8(ascii: ":"))
    }

    // MARK: - Values

    func writeNull() { bytes.append(contentsOf: "null".utf8) }
    func write(_ value: Bool) { bytes.append(contentsOf: (value ? "true" : "false").utf8) }

    func write(_ value: some FixedWidthInteger) {
        var magnitude = value.magnitude
        if magnitude < 10 {
            if value < 0 { bytes.append(UInt8(ascii: "-")) }
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude))
            return
        }
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        while magnitude > 0 {
            let (quotient, digit) = magnitude.quotientAndRemainder(dividingBy: 10)
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
            magnitude = quotient
        }
        bytes[start...].reverse()
    }

    /// The shortest text that reads back as the same number; words for those that JSON lacks.
    func write<Number: BinaryFloatingPoint & CustomStringConvertible>(floating value: Number) {
        if value.isFinite { bytes.append(contentsOf: value.description.utf8) } else { write(NonFinite(value).rawValue) }
    }

    func write(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            var start = 0
            for (index, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5c {
                bytes.append(contentsOf: utf8[start..<index])
                writeEscaped(byte)
                start = index + 1
            }
            bytes.append(contentsOf: utf8[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private func writeEscaped(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5c: bytes.append(byte)
        case 0x0a: bytes.append(UInt8(ascii: "n"))
        case 0x0d: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }
}
