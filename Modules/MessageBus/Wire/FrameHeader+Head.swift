extension FrameHeader {
    /// The subject's bytes within a head that this header was decoded from.
    public func subjectBytes(of head: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: head[Self.byteCount..<(Self.byteCount + Int(subjectLength))])
    }

    /// The subject within a head that this header was decoded from.
    public func subject(of head: UnsafeRawBufferPointer) -> String {
        String(decoding: subjectBytes(of: head), as: UTF8.self)
    }

    /// The body's bytes within a head that this header was decoded from.
    public func body(of head: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: head[(Self.byteCount + Int(subjectLength))..<headLength])
    }

    /// Whether the subject is two or more words of `a-z A-Z 0-9 -` joined by dots, or empty where none belongs.
    /// - Precondition: `head` has `headLength` bytes.
    func isSubjectValid(in head: UnsafeRawBufferPointer) -> Bool {
        if subjectLength == 0 { return true }
        var dots = 0
        var wordLength = 0
        for byte in subjectBytes(of: head) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                wordLength += 1
            case UInt8(ascii: "."):
                guard wordLength > 0 else { return false }
                dots += 1
                wordLength = 0
            default: return false
            }
        }
        return dots > 0 && wordLength > 0
    }
}
