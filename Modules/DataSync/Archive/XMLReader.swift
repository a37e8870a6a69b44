/// Reads the answers of object stores: XML 1.0 in UTF-8 without document types, so that nothing in a document can refer to
/// anything else, inside of it or out. What comes from outside is bounded in depth, elements and bytes, and anything that
/// is not well-formed is refused.
struct XMLReader {
    /// What a document may have at most.
    struct Limits {
        var bytes = 4 << 20
        var elements = 50_000
        var depth = 12
    }

    struct Malformed: Error, CustomStringConvertible {
        let offset: Int
        let reason: String

        var description: String { "\(reason) at byte \(offset)" }
    }

    private let bytes: UnsafeRawBufferPointer
    private let limits: Limits
    private var at = 0
    private var elements = 0

    private init(_ bytes: UnsafeRawBufferPointer, limits: Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// The document's root.
    /// - Throws: `Malformed`.
    static func read(_ bytes: UnsafeRawBufferPointer, limits: Limits = Limits()) throws(Malformed) -> XMLElement {
        guard bytes.count <= limits.bytes else {
            throw Malformed(offset: limits.bytes, reason: "more than \(limits.bytes) bytes")
        }
        var reader = XMLReader(bytes, limits: limits)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { reader.at = 3 }
        if reader.skips("<?xml") { try reader.skipPast("?>") }
        try reader.skipMisc()
        guard reader.skips("<") else { throw reader.malformed("no element") }
        let root = try reader.element(depth: 1)
        try reader.skipMisc()
        guard reader.at == bytes.count else { throw reader.malformed("something after the end") }
        return root
    }

    /// An element whose `<` was read.
    private mutating func element(depth: Int) throws(Malformed) -> XMLElement {
        elements += 1
        guard depth <= limits.depth else { throw malformed("elements too deep") }
        guard elements <= limits.elements else { throw malformed("more than \(limits.elements) elements") }
        let name = try name()
        var element = XMLElement(name: Self.local(name))
        if try attributes() { return element }
        var text: [UInt8] = []
        while true {
            guard at < bytes.count else { throw malformed("'\(name)' has no end") }
            switch bytes[at] {
            case UInt8(ascii: "<"):
                if skips("</") {
                    guard try self.name() == name else { throw malformed("'\(name)' ends by another name") }
                    skipBlanks()
                    guard skips(">") else { throw malformed("no '>'") }
                    guard let string = String(validating: text, as: UTF8.self) else { throw malformed("not UTF-8") }
                    element.text = string
                    return element
                } else if skips("<!--") {
                    try skipPast("-->")
                } else if skips("<![CDATA[") {
                    let start = at
                    try skipPast("]]>")
                    text += bytes[start..<at - 3]
                } else if skips("<!") || skips("<?") {
                    throw malformed("a declaration or an instruction, which is not allowed here")
                } else {
                    at += 1
                    element.children.append(try self.element(depth: depth + 1))
                }
            case UInt8(ascii: "&"): try reference(into: &text)
            case let byte where byte < 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d:
                throw malformed("a control character")
            case let byte:
                text.append(byte)
                at += 1
            }
        }
    }

    /// Reads past the attributes and the end of a start tag.
    /// - Returns: whether the element is empty, as in `<a/>`.
    private mutating func attributes() throws(Malformed) -> Bool {
        while true {
            let before = at
            skipBlanks()
            if skips("/>") { return true }
            if skips(">") { return false }
            guard at > before else { throw malformed("no '>'") }
            _ = try name()
            skipBlanks()
            guard skips("=") else { throw malformed("an attribute without a value") }
            skipBlanks()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") else {
                throw malformed("a value without quotes")
            }
            let quote = bytes[at]
            at += 1
            while at < bytes.count, bytes[at] != quote {
                guard bytes[at] != UInt8(ascii: "<") else { throw malformed("'<' in a value") }
                at += 1
            }
            guard at < bytes.count else { throw malformed("a value without an end") }
            at += 1
        }
    }

    private mutating func name() throws(Malformed) -> String {
        let start = at
        while at < bytes.count, Self.isName(bytes[at]) { at += 1 }
        guard at > start, at - start <= 128, !Self.isOnlyInside(bytes[start]) else { throw malformed("no name") }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    /// `&amp;` and the like, and numbers of characters; there are no others without a document type.
    private mutating func reference(into text: inout [UInt8]) throws(Malformed) {
        let start = at + 1
        let rest = bytes[start..<min(bytes.count, start + 10)]
        guard let end = rest.firstIndex(of: UInt8(ascii: ";")) else { throw malformed("'&' without a name") }
        let name = String(decoding: rest[..<end], as: UTF8.self)
        at = end + 1
        switch name {
        case "amp": text.append(UInt8(ascii: "&"))
        case "lt": text.append(UInt8(ascii: "<"))
        case "gt": text.append(UInt8(ascii: ">"))
        case "quot": text.append(UInt8(ascii: "\""))
        case "apos": text.append(UInt8(ascii: "'"))
        default:
            let number = name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst())
            guard name.hasPrefix("#"), let number, let scalar = Unicode.Scalar(number),
                number >= 0x20 || number == 9
                    || number == 10 || number == 13
            else { throw malformed("an unknown reference '&\(name);'") }
            text += String(scalar).utf8
        }
    }

    // MARK: Steps

    private mutating func skips(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count,
            UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
                .elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count))
        else { return false }
        at += count
        return true
    }

    private mutating func skipPast(_ text: StaticString) throws(Malformed) {
        while at < bytes.count {
            if skips(text) { return }
            at += 1
        }
        throw malformed("no '\(text)'")
    }

    private mutating func skipBlanks() {
        while at < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
    }

    private mutating func skipMisc() throws(Malformed) {
        while true {
            skipBlanks()
            guard skips("<!--") else { return }
            try skipPast("-->")
        }
    }

    private func malformed(_ reason: String) -> Malformed { Malformed(offset: at, reason: reason) }

    private static func local(_ name: String) -> String {
        name.lastIndex(of: ":").map { String(name[name.index(after: $0)...]) } ?? name
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x80...0xff,
            UInt8(ascii: "_"), UInt8(ascii: ":"):
            true
        default: isOnlyInside(byte)
        }
    }

    private static func isOnlyInside(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}
