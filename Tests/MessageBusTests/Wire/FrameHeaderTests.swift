import Contracts
import Core
import Testing

@testable import MessageBus

@Suite("Frame header")
struct FrameHeaderTests {
    @Test("the smallest frame has the documented bytes")
    func layout() throws {
        let head = try FrameHeader(kind: .heartbeat, lane: .control, session: 0x0102_0304_0506_0708).head()
        #expect(head.count == 88)
        #expect(Array(head.prefix(16)) == Array("GEDG".utf8) + [1, 12, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1])
        #expect(head.dropFirst(16).allSatisfy { $0 == 0 })
    }

    @Test("decoding works at any alignment")
    func alignment() throws {
        let header = FrameHeader(
            kind: .cancel, lane: .bulk, session: 1, sequence: .max, correlation: 0x1122_3344_5566_7788)
        let head = try header.head()
        for shift in 0..<16 {
            let shifted = [UInt8](repeating: 0xaa, count: shift) + head
            let decoded = try shifted.withUnsafeBytes {
                try FrameHeader(
                    decoding: UnsafeRawBufferPointer(rebasing: $0[shift...]), on: .bulk, limits: FrameLimits())
            }
            #expect(decoded == header)
        }
    }

    @Test("every prefix of a message is refused")
    func truncation() throws {
        let head = try FrameHeader(kind: .request, lane: .control, correlation: 1).head(
            subject: "topology.sites", body: Array("{}".utf8))
        for count in 0..<head.count {
            #expect(throws: FrameDefect.self) {
                try head.withUnsafeBytes {
                    try FrameHeader(
                        decoding: UnsafeRawBufferPointer(rebasing: $0[..<count]), on: .control, limits: FrameLimits())
                }
            }
        }
    }

    @Test(
        "a sender learns that its own frame would be refused",
        arguments: [
            (FrameHeader(kind: .request, lane: .control), "a.b", "0", "misplaced-correlation"),
            (FrameHeader(kind: .request, lane: .control, correlation: 1), "nodomain", "0", "bad-subject"),
            (FrameHeader(kind: .heartbeat, lane: .control), "", "0", "misplaced-body"),
            (FrameHeader(kind: .event, lane: .control), String(repeating: "a", count: 129), "0", "subject-too-long"),
            (FrameHeader(kind: .reply, lane: .control, correlation: 1), "", "12345", "body-too-large"),
        ])
    func senders(header: FrameHeader, subject: String, body: String, label: String) throws {
        var limits = FrameLimits()
        limits.control.bodyBytes = 4
        let defect = #expect(throws: FrameDefect.self) {
            try header.head(subject: subject, body: Array(body.utf8), limits: limits)
        }
        #expect(defect?.label == label)
    }

    @Test("a defect names its reason and never repeats what the peer sent")
    func wording() {
        let defect = FrameDefect.bodyTooLarge(5000, limit: 4096)
        #expect(defect.message == "a frame was refused: a body of 5000 bytes exceeds the lane's 4096")
        #expect(!defect.isRetriable)
    }

    @Test("an all-zero idempotency key is none, and named keys differ by every word")
    func keys() {
        #expect(IdempotencyKey(high: 0, low: 0) == nil)
        let keys = [
            IdempotencyKey(naming: "job", "1", "edge-1"), IdempotencyKey(naming: "job", "1", "edge-2"),
            IdempotencyKey(naming: "job", "11", "edge"), IdempotencyKey(naming: "job1", "1edge-1"),
            IdempotencyKey(naming: "edge-1", "1", "job"),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(IdempotencyKey(naming: "job", "1", "edge-1") == keys[0])
        var generator = SplitMix64(seed: 1)
        #expect(IdempotencyKey.random(using: &generator) != IdempotencyKey.random(using: &generator))
    }
}
