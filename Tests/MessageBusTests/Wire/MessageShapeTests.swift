import Contracts
import Testing

@testable import MessageBus

@Suite("Message shape")
struct MessageShapeTests {
    private let limits = FrameLimits(
        control: LaneLimits(bodyBytes: 8, attachments: 3, attachmentBytes: 100, totalAttachmentBytes: 150))

    private func header(attachments: UInt16) -> FrameHeader {
        FrameHeader(kind: .reply, lane: .control, correlation: 1, attachmentCount: attachments, bodyLength: 1)
    }

    @Test("sizes within the limits are admitted", arguments: [[], [0], [100], [100, 50], [50, 50, 50]])
    func admitted(sizes: [Int]) throws {
        try MessageShape.check(header(attachments: UInt16(sizes.count)), attachmentSizes: sizes, limits: limits)
    }

    @Test("a message is refused at the first part that breaks a limit")
    func refused() throws {
        var shape = MessageShape(header(attachments: 3), limits: limits)
        try shape.admit(attachmentBytes: 100)
        #expect(throws: FrameDefect.attachmentTooLarge(101, limit: 100)) { try shape.admit(attachmentBytes: 101) }
        #expect(throws: FrameDefect.attachmentsTooLarge(151, limit: 150)) { try shape.admit(attachmentBytes: 51) }
        #expect(throws: FrameDefect.attachmentCountMismatch(expected: 3, actual: 1)) { try shape.finish() }
        try shape.admit(attachmentBytes: 25)
        try shape.admit(attachmentBytes: 25)
        try shape.finish()
        #expect(throws: FrameDefect.attachmentCountMismatch(expected: 3, actual: 4)) {
            try shape.admit(attachmentBytes: 0)
        }
        #expect(shape.count == 3)
        #expect(shape.bytes == 150)
    }

    @Test("the largest part of a lane covers its largest head, its largest attachment and encryption")
    func partBytes() {
        #expect(LaneLimits(bodyBytes: 1000, attachments: 1, attachmentBytes: 10).partBytes == 88 + 128 + 1000 + 64)
        #expect(LaneLimits(bodyBytes: 1000, attachments: 1, attachmentBytes: 10_000).partBytes == 10_000 + 64)
    }
}
