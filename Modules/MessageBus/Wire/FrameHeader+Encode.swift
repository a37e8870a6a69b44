import Contracts
import Core

extension FrameHeader {
    /// Writes the header's 88 bytes to the start of `buffer`.
    /// - Precondition: `buffer` holds at least `byteCount` bytes.
    public func encode(into buffer: UnsafeMutableRawBufferPointer) {
        precondition(buffer.count >= Self.byteCount, "a header needs \(Self.byteCount) bytes")
        @inline(__always)
        func store<Word: FixedWidthInteger>(_ value: Word, at offset: Int) {
            buffer.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Word.self)
        }
        store(Self.magic, at: 0)
        store(Self.version, at: 4)
        store(kind.rawValue, at: 5)
        store(lane.rawValue, at: 6)
        store(flags.rawValue, at: 7)
        store(session, at: 8)
        store(sequence, at: 16)
        store(correlation, at: 24)
        store(timeoutMilliseconds, at: 32)
        store(argument, at: 40)
        // Trace and key are byte strings in the order in which people read their hexadecimal digits.
        store(trace.high.byteSwapped, at: 48)
        store(trace.low.byteSwapped, at: 56)
        store((key?.high ?? 0).byteSwapped, at: 64)
        store((key?.low ?? 0).byteSwapped, at: 72)
        store(subjectLength, at: 80)
        store(attachmentCount, at: 82)
        store(bodyLength, at: 84)
    }

    /// Writes the whole head, `header ‖ subject ‖ body`, to the start of `buffer`; `subjectLength` and `bodyLength` must
    /// already say how long they are.
    /// - Precondition: `buffer` holds at least `headLength` bytes, and the lengths agree.
    public func encode(
        into buffer: UnsafeMutableRawBufferPointer, subject: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer
    ) {
        precondition(buffer.count >= headLength, "the head needs \(headLength) bytes, not \(buffer.count)")
        precondition(subject.count == Int(subjectLength) && body.count == Int(bodyLength), "lengths disagree")
        encode(into: buffer)
        guard let base = buffer.baseAddress else { return }
        let start = base + Self.byteCount
        if let source = subject.baseAddress { start.copyMemory(from: source, byteCount: subject.count) }
        if let source = body.baseAddress { (start + subject.count).copyMemory(from: source, byteCount: body.count) }
    }

    /// The whole head as bytes, with the lengths set from `subject` and `body`. Allocates; for senders that do not write
    /// into a message of their own.
    /// - Throws: `FrameDefect` when the result would not be accepted by a peer with these `limits`.
    public func head(
        subject: String = "", body: [UInt8] = [], limits: FrameLimits = FrameLimits()
    ) throws(FrameDefect) -> [UInt8] {
        var header = self
        let subject = Array(subject.utf8)
        guard subject.count <= FrameLimits.maximumSubjectBytes else { throw .subjectTooLong(subject.count) }
        guard body.count <= limits[lane].bodyBytes else {
            throw .bodyTooLarge(body.count, limit: limits[lane].bodyBytes)
        }
        header.subjectLength = UInt16(subject.count)
        header.bodyLength = UInt32(body.count)
        try header.checkFields(limits)
        let head = [UInt8](unsafeUninitializedCapacity: header.headLength) { buffer, count in
            subject.withUnsafeBytes { subject in
                body.withUnsafeBytes { body in
                    header.encode(into: UnsafeMutableRawBufferPointer(buffer), subject: subject, body: body)
                }
            }
            count = header.headLength
        }
        guard head.withUnsafeBytes({ header.isSubjectValid(in: $0) }) else { throw .badSubject }
        return head
    }
}
