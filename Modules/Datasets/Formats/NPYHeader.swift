/// The header of a NumPy array file, versions 1 to 3 (NEP 1 and `numpy.lib.format`).
struct NPYHeader: Equatable {
    var type: ElementType
    var isFortranOrder: Bool
    var shape: [Int]

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    private static let maximumBytes = 64 << 10

    /// Reads the header and leaves the reader at the first value.
    init(_ reader: any ByteReader) throws {
        let start = try reader.readBytes(8, what: "a NumPy header")
        guard Array(start[0..<6]) == Self.magic else {
            throw DatasetError(
                .malformed, "\(reader.name): it is no NumPy array (it does not start with \\x93NUMPY); check 'format'")
        }
        guard (1...3).contains(start[6]) else {
            throw DatasetError(
                .unsupported,
                "\(reader.name): version \(start[6]).\(start[7]) of the NumPy format is not one of 1 to 3; save it again "
                    + "with numpy.save")
        }
        let size = try reader.readBytes(start[6] == 1 ? 2 : 4, what: "a NumPy header")
        let length = size.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.maximumBytes else {
            throw DatasetError(.malformed, "\(reader.name): its NumPy header of \(length) bytes is too long to be one")
        }
        let text = try reader.readBytes(length, what: "a NumPy header")
        var parser = LiteralParser(text, name: reader.name)
        self = try parser.header()
    }

    init(type: ElementType, isFortranOrder: Bool, shape: [Int]) {
        self.type = type
        self.isFortranOrder = isFortranOrder
        self.shape = shape
    }

    /// The element type that a `descr` such as `<f4` names.
    static func elementType(_ descriptor: String) -> ElementType? {
        let characters = Array(descriptor.utf8)
        guard characters.count == 3, let size = Int(String(decoding: characters[2...], as: UTF8.self)) else {
            return nil
        }
        guard let order = UnicodeScalar(characters[0]).isASCII ? characters[0] : nil,
            [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "|"), UInt8(ascii: "=")].contains(order)
        else { return nil }
        let isBigEndian = order == UInt8(ascii: ">")
        switch (characters[1], size) {
        case (UInt8(ascii: "f"), 2), (UInt8(ascii: "f"), 4), (UInt8(ascii: "f"), 8):
            return ElementType(kind: .floating, size: size, isBigEndian: isBigEndian)
        case (UInt8(ascii: "i"), 1), (UInt8(ascii: "i"), 2), (UInt8(ascii: "i"), 4), (UInt8(ascii: "i"), 8):
            return ElementType(kind: .signed, size: size, isBigEndian: isBigEndian)
        case (UInt8(ascii: "u"), 1), (UInt8(ascii: "u"), 2), (UInt8(ascii: "u"), 4), (UInt8(ascii: "u"), 8):
            return ElementType(kind: .unsigned, size: size, isBigEndian: isBigEndian)
        case (UInt8(ascii: "b"), 1): return ElementType(kind: .unsigned, size: 1, isBigEndian: false)
        default: return nil
        }
    }
}

/// Reads the Python dictionary in a NumPy header: strings, `True`, `False`, and tuples of whole numbers.
private struct LiteralParser {
    private let text: [UInt8]
    private let name: String
    private var index = 0

    init(_ text: [UInt8], name: String) {
        self.text = text
        self.name = name
    }

    mutating func header() throws -> NPYHeader {
        var descriptor: String?
        var isFortranOrder: Bool?
        var shape: [Int]?
        try expect("{")
        while !take("}") {
            let key = try string()
            try expect(":")
            switch key {
            case "descr" where descriptor == nil:
                guard peek == UInt8(ascii: "'") || peek == UInt8(ascii: "\"") else {
                    throw DatasetError(
                        .unsupported,
                        "\(name): arrays of records are not read; save the features as one plain array of numbers")
                }
                descriptor = try string()
            case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
            case "shape" where shape == nil: shape = try tuple()
            default: throw damaged("holds '\(key.prefix(40))' where it should not")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard index == text.count else { throw damaged("goes on behind its dictionary") }
        guard let descriptor, let isFortranOrder, let shape else {
            throw damaged("lacks one of 'descr', 'fortran_order' and 'shape'")
        }
        guard let type = NPYHeader.elementType(descriptor) else {
            throw DatasetError(
                .unsupported,
                "\(name): elements of type '\(descriptor.prefix(40))' are not read; convert the array to float32, such as "
                    + "with array.astype('float32')")
        }
        return NPYHeader(type: type, isFortranOrder: isFortranOrder, shape: shape)
    }

    private func damaged(_ what: String) -> DatasetError {
        DatasetError(.malformed, "\(name): its NumPy header \(what); the file is damaged")
    }

    private mutating func skipSpace() {
        while index < text.count, text[index] == 0x20 || text[index] == 0x0a || text[index] == 0x09 { index += 1 }
    }

    private var peek: UInt8? {
        var index = index
        while index < text.count, text[index] == 0x20 || text[index] == 0x0a || text[index] == 0x09 { index += 1 }
        return index < text.count ? text[index] : nil
    }

    private mutating func take(_ character: UnicodeScalar) -> Bool {
        skipSpace()
        guard index < text.count, text[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ character: UnicodeScalar) throws {
        guard take(character) else { throw damaged("lacks '\(character)' at byte \(index)") }
    }

    private mutating func string() throws -> String {
        skipSpace()
        guard index < text.count, text[index] == UInt8(ascii: "'") || text[index] == UInt8(ascii: "\"") else {
            throw damaged("lacks a string at byte \(index)")
        }
        let quote = text[index]
        let start = index + 1
        guard let end = text[start...].firstIndex(of: quote) else { throw damaged("has a string without an end") }
        index = end + 1
        return String(decoding: text[start..<end], as: UTF8.self)
    }

    private mutating func boolean() throws -> Bool {
        skipSpace()
        for (word, value) in [("True", true), ("False", false)] where text[index...].starts(with: word.utf8) {
            index += word.utf8.count
            return value
        }
        throw damaged("lacks True or False at byte \(index)")
    }

    private mutating func tuple() throws -> [Int] {
        var numbers: [Int] = []
        try expect("(")
        while !take(")") {
            skipSpace()
            let start = index
            while index < text.count, text[index] >= 0x30, text[index] <= 0x39 { index += 1 }
            guard let number = Int(String(decoding: text[start..<index], as: UTF8.self)), numbers.count < 64 else {
                throw damaged("has a shape that is no tuple of numbers")
            }
            if index < text.count, text[index] == UInt8(ascii: "L") { index += 1 }
            numbers.append(number)
            if !take(",") {
                try expect(")")
                break
            }
        }
        return numbers
    }
}
