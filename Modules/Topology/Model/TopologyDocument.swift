/// A machine's description in XML, as hwloc's tools write it, that was found fit to be read.
///
/// hwloc trusts such files: it recurses as deep as they nest and makes room for the numbers they name. What passes here is
/// bounded in all of that, and has no entities that could grow.
struct TopologyDocument: Sendable {
    /// The most bytes that are looked at; a machine of a thousand hardware threads takes about one million.
    static let sizeLimit = 16 << 20
    private static let depthLimit = 96
    private static let elementLimit = 200_000
    private static let valueLimit = 1 << 16

    /// The text, ended by a zero as hwloc wants it.
    let bytes: [UInt8]

    /// - Throws: `TopologyError` `invalid` for what is no description of a machine, or one out of bounds.
    init(_ bytes: [UInt8]) throws(TopologyError) {
        guard bytes.count <= Self.sizeLimit else {
            throw Self.invalid("it is larger than \(Self.sizeLimit >> 20) MiB, the most that is accepted")
        }
        guard !bytes.contains(0) else { throw Self.invalid("it is no text") }
        var scanner = Scanner(bytes: bytes)
        try scanner.scan()
        self.bytes = bytes + [0]
    }

    static func invalid(_ reason: String) -> TopologyError {
        TopologyError(
            "invalid",
            "this is no description of a machine that hwloc can read: \(reason); write one with 'lstopo -.xml'")
    }

    /// Walks over the tags once, without a tree.
    private struct Scanner {
        let bytes: [UInt8]
        private var position = 0
        private var depth = 0
        private var elements = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func scan() throws(TopologyError) {
            while let start = next(UInt8(ascii: "<")) {
                position = start + 1
                if has("!--") {
                    try skip(past: "-->")
                } else if has("?") {
                    try skip(past: "?>")
                } else if has("!DOCTYPE") {
                    try skipDoctype()
                } else if has("!") {
                    throw TopologyDocument.invalid("it has a declaration at byte \(start) that has no place there")
                } else if has("/") {
                    try skip(past: ">")
                    depth -= 1
                    guard depth >= 0 else { throw TopologyDocument.invalid("its tags do not match, at byte \(start)") }
                } else {
                    try element()
                }
            }
            guard elements > 0 else { throw TopologyDocument.invalid("it is no XML") }
            guard depth == 0 else { throw TopologyDocument.invalid("it ends within an element") }
        }

        private func next(_ byte: UInt8) -> Int? { bytes[position...].firstIndex(of: byte) }

        private func has(_ text: StaticString) -> Bool {
            text.withUTF8Buffer { bytes[position...].starts(with: $0) }
        }

        private mutating func skip(past end: StaticString) throws(TopologyError) {
            while position < bytes.count {
                if has(end) {
                    position += end.utf8CodeUnitCount
                    return
                }
                position += 1
            }
            throw TopologyDocument.invalid("it ends within a tag")
        }

        /// Entities are declared between brackets; hwloc's files name a DTD and declare nothing.
        private mutating func skipDoctype() throws(TopologyError) {
            guard let end = next(UInt8(ascii: ">")) else { throw TopologyDocument.invalid("it ends within a tag") }
            guard !bytes[position..<end].contains(UInt8(ascii: "[")) else {
                throw TopologyDocument.invalid("it declares entities of its own")
            }
            position = end + 1
        }

        private mutating func element() throws(TopologyError) {
            let name = word()
            elements += 1
            guard elements <= TopologyDocument.elementLimit else {
                throw TopologyDocument.invalid("it has more than \(TopologyDocument.elementLimit) elements")
            }
            guard elements > 1 || name == "topology" else {
                throw TopologyDocument.invalid("its outermost element is '\(name)', not 'topology'")
            }
            let isRoot = elements == 1
            while true {
                skipSpace()
                guard position < bytes.count else { throw TopologyDocument.invalid("it ends within a tag") }
                if has("/>") {
                    position += 2
                    return
                }
                if has(">") {
                    position += 1
                    depth += 1
                    guard depth <= TopologyDocument.depthLimit else {
                        throw TopologyDocument.invalid("it nests deeper than \(TopologyDocument.depthLimit) elements")
                    }
                    return
                }
                let (key, value) = try attribute()
                if isRoot && key == "version" { try Self.checkVersion(value) }
                try Self.check(key, value)
            }
        }

        private mutating func attribute() throws(TopologyError) -> (key: String, value: Substring) {
            let key = word()
            guard !key.isEmpty, has("=\"") || has("='") else {
                throw TopologyDocument.invalid("it has something that is no attribute at byte \(position)")
            }
            let quote = bytes[position + 1]
            position += 2
            guard let end = next(quote) else { throw TopologyDocument.invalid("it ends within a tag") }
            guard end - position <= TopologyDocument.valueLimit else {
                throw TopologyDocument.invalid("its attribute '\(key)' at byte \(position) is too long")
            }
            defer { position = end + 1 }
            return (key, Substring(decoding: bytes[position..<end], as: UTF8.self))
        }

        private mutating func word() -> String {
            let start = position
            while position < bytes.count, position - start < 64, Self.isName(bytes[position]) { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }

        private mutating func skipSpace() {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        }

        private static func isName(_ byte: UInt8) -> Bool {
            (0x30...0x3A).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F || byte == 0x2D
        }

        /// hwloc 2 reads the formats 1 and 2, and says nothing but `EINVAL` of the others.
        private static func checkVersion(_ value: Substring) throws(TopologyError) {
            guard let major = Int(value.prefix { $0 != "." }), (1...2).contains(major) else {
                throw TopologyError(
                    "unsupported",
                    "this description of a machine is in version \(value.prefix(20)) of hwloc's XML, and version 2 is the "
                        + "newest that can be read; with hwloc 3, write it with 'lstopo --export-xml-flags v2'")
            }
        }

        /// Numbers that become sizes of memory.
        private static func check(_ key: String, _ value: Substring) throws(TopologyError) {
            let most: UInt64
            switch key {
            case "os_index": most = 65_535
            case "nbobjs": most = 4096
            case "length": most = 1 << 20
            default: return
            }
            // The largest 32-bit number stands for an index that nobody knows.
            if key == "os_index", value == "4294967295" || value == "-1" { return }
            guard let number = UInt64(value), number <= most else {
                throw TopologyDocument.invalid(
                    "\(key) is '\(value.prefix(40))', and \(most) is the most that is accepted")
            }
        }
    }
}
