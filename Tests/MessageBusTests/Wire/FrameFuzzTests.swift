import Contracts
import Foundation
import Testing

@testable import MessageBus

/// Mutated frames against the decoder. `GEDGE_FUZZ_CASES` and `GEDGE_FUZZ_SEED` make a run longer or repeat one;
/// `Tools/fuzz` runs libFuzzer over the same check.
@Suite("Fuzzing the frame decoder")
struct FrameFuzzTests {
    private static func setting(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test("whatever comes in is refused, or is within the limits and encodes to the same bytes")
    func decoder() throws {
        let cases = Self.setting("GEDGE_FUZZ_CASES") ?? 200_000
        let seed = Self.setting("GEDGE_FUZZ_SEED") ?? .random(in: 0...(.max))
        print("fuzzing the frame decoder: GEDGE_FUZZ_CASES=\(cases) GEDGE_FUZZ_SEED=\(seed)")
        let limits = FrameLimits(
            control: LaneLimits(bodyBytes: 100, attachments: 2, attachmentBytes: 1 << 20),
            model: LaneLimits(bodyBytes: 200, attachments: 3, attachmentBytes: 1 << 10),
            bulk: LaneLimits(bodyBytes: 64, attachments: 8, attachmentBytes: 1 << 30))
        var mutator = FrameMutator(seed: seed, limits: limits)
        var accepted: UInt64 = 0
        var kinds: Set<FrameKind> = []
        var defects: Set<String> = []
        for number in 0..<cases {
            let message = mutator.next()
            do {
                let header = try message.head.withUnsafeBytes {
                    try FrameHeader(decoding: $0, on: message.lane, limits: limits)
                }
                if let violation = Self.violation(header, message.head, on: message.lane, limits) {
                    Issue.record("case \(number) of seed \(seed): \(violation); head \(message.head)")
                    return
                }
                try MessageShape.check(header, attachmentSizes: message.attachmentSizes, limits: limits)
                if !Self.isWithin(limits[message.lane], message.attachmentSizes, announced: header.attachmentCount) {
                    Issue.record("case \(number) of seed \(seed): attachments \(message.attachmentSizes) were accepted")
                    return
                }
                accepted += 1
                kinds.insert(header.kind)
            } catch let defect as FrameDefect {
                defects.insert(defect.label)
            }
        }
        // The generator is of use only when it reaches both sides of every check.
        if cases >= 100_000 {
            #expect(kinds == Set(FrameKind.allCases))
            #expect(defects.count >= 22, "\(defects.sorted())")
            #expect(accepted > cases / 20 && accepted < cases / 2)
        }
    }

    private static func isWithin(_ lane: LaneLimits, _ sizes: [Int], announced: UInt16) -> Bool {
        sizes.count == Int(announced) && sizes.allSatisfy { $0 <= lane.attachmentBytes }
            && sizes.reduce(0, +) <= lane.totalAttachmentBytes
    }

    /// What an accepted head breaks, or `nil`.
    private static func violation(
        _ header: FrameHeader, _ head: [UInt8], on lane: Lane, _ limits: FrameLimits
    ) -> String? {
        var encoded = [UInt8](repeating: 0, count: FrameHeader.byteCount)
        encoded.withUnsafeMutableBytes { header.encode(into: $0) }
        if !head.starts(with: encoded) { return "encodes to other bytes" }
        if header.lane != lane { return "is of another lane" }
        if head.count != header.headLength { return "lengths do not add up" }
        if Int(header.bodyLength) > limits[lane].bodyBytes { return "the body exceeds its limit" }
        if Int(header.attachmentCount) > limits[lane].attachments { return "there are too many attachments" }
        if header.timeoutMilliseconds > FrameHeader.maximumTimeoutMilliseconds { return "the timeout is too long" }
        if header.argument > FrameHeader.maximumArgument { return "the argument is too large" }
        let (subject, body) = head.withUnsafeBytes { (header.subject(of: $0), Array(header.body(of: $0))) }
        let words = subject.split(separator: ".", omittingEmptySubsequences: false)
        let isText = words.allSatisfy { word in
            !word.isEmpty && word.utf8.allSatisfy { $0 == 45 || Character(UnicodeScalar($0)).isLetter || $0 &- 48 < 10 }
        }
        if !subject.isEmpty && (words.count < 2 || !isText || subject.utf8.count > 128) { return "the subject is bad" }
        if Array(head.suffix(body.count)) != body { return "the body is not the rest" }
        return nil
    }
}
