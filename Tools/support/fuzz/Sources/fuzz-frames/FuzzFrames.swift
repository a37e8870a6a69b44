import Contracts
import MessageBus

/// libFuzzer's entry: one input is the lane (a byte), the number and sizes of attachments (a byte and two bytes each) and
/// the head.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFrames(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = UnsafeRawBufferPointer(start: bytes, count: count)
    guard count >= 2, let lane = Lane(rawValue: input[0] % 3) else { return 0 }
    let attachments = Int(input[1] % 8)
    let start = 2 + 2 * attachments
    guard count >= start else { return 0 }
    let sizes = (0..<attachments).map { Int(input[2 + 2 * $0]) << 8 | Int(input[3 + 2 * $0]) }
    let head = UnsafeRawBufferPointer(rebasing: input[start...])
    let laneLimits = LaneLimits(bodyBytes: 256, attachments: 4, attachmentBytes: 1 << 12)
    let limits = FrameLimits(control: laneLimits, model: laneLimits, bulk: laneLimits)
    guard let header = try? FrameHeader(decoding: head, on: lane, limits: limits) else { return 0 }

    // What is accepted is within the limits and encodes to the same bytes.
    var encoded = [UInt8](repeating: 0, count: FrameHeader.byteCount)
    encoded.withUnsafeMutableBytes { header.encode(into: $0) }
    precondition(head.starts(with: encoded), "a header encodes to other bytes")
    precondition(head.count == header.headLength, "lengths do not add up")
    precondition(header.lane == lane, "a header of another lane")
    precondition(Int(header.bodyLength) <= laneLimits.bodyBytes, "a body beyond its limit")
    let subject = header.subject(of: head)
    precondition(
        subject.utf8.count <= FrameLimits.maximumSubjectBytes && subject.allSatisfy(\.isASCII), "a bad subject")
    precondition(header.body(of: head).count == Int(header.bodyLength), "a body of another length")
    if (try? MessageShape.check(header, attachmentSizes: sizes, limits: limits)) != nil {
        precondition(sizes.count == Int(header.attachmentCount), "an attachment that was not announced")
        precondition(sizes.reduce(0, +) <= laneLimits.totalAttachmentBytes, "attachments beyond their limit")
    }
    return 0
}
