/// A JSON text, checked and cut into tokens: what lies where, without a copy of any of it.
///
/// Bodies are small and read once, so that one pass over the bytes and a search through the few members of an object beat
/// a tree of values. Takes exactly the texts of RFC 8259, at most `maximumDepth` deep; of members with equal names the
/// last counts.
final class JSONTape {
    enum Kind: UInt8 {
        case null, yes, no, number, string
        /// A string with a backslash in it.
        case escapedString
        case array, object
    }

    struct Token {
        let kind: Kind
        /// The value's bytes; of a string those between the quotation marks.
        var start: Int32
        var end: Int32
        /// The token after this value and all that is in it.
        var next: Int32 = 0
        /// Elements of an array, members of an object. A member is two values: its name and its value.
        var count: Int32 = 0
    }

    /// A place in the text and what is wrong there.
    struct SyntaxError: Error {
        let offset: Int
        let reason: String
    }

    /// Deeper texts are refused: reading is recursive.
    static let maximumDepth = 128

    let bytes: [UInt8]
    let tokens: [Token]

    init(_ bytes: [UInt8]) throws(SyntaxError) {
        guard bytes.count < Int(Int32.max) else { throw SyntaxError(offset: 0, reason: "the text is too long") }
        self.bytes = bytes
        tokens = try bytes.withUnsafeBufferPointer { buffer throws(SyntaxError) in
            var parser = JSONParser(buffer)
            return try parser.parse()
        }
    }
}
