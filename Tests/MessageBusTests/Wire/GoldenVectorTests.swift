import Contracts
import Core
import TestKit
import Testing

@testable import MessageBus

@Suite("Golden vectors of the wire format")
struct GoldenVectorTests {
    private let vectors: GoldenVectors
    private let limits: FrameLimits

    init() throws {
        vectors = try GoldenVectors.load()
        limits = vectors.frameLimits
    }

    @Test("every valid vector decodes to its fields and encodes back to its bytes")
    func valid() throws {
        #expect(Set(vectors.valid.map(\.kind)) == Set(FrameKind.allCases.map { "\($0)" }))
        for vector in vectors.valid {
            let parts = try vector.parts.map { try #require(bytes(hexadecimal: $0)) }
            let head = try #require(parts.first)
            let lane = try #require(Lane.allCases.first { "\($0)" == vector.lane })
            let header = try head.withUnsafeBytes { try FrameHeader(decoding: $0, on: lane, limits: limits) }
            try MessageShape.check(header, attachmentSizes: parts.dropFirst().map(\.count), limits: limits)

            #expect(header == (try self.header(of: vector)), "\(vector.name)")
            head.withUnsafeBytes { head in
                #expect(header.subject(of: head) == vector.subject, "\(vector.name)")
                #expect(String(decoding: header.body(of: head), as: UTF8.self) == vector.body, "\(vector.name)")
            }
            #expect(parts.dropFirst().map { $0 } == vector.attachments.map { bytes(hexadecimal: $0) }, "\(vector.name)")
            let encoded = try self.header(of: vector).head(
                subject: vector.subject, body: Array(vector.body.utf8), limits: limits)
            #expect(encoded == head, "\(vector.name)")
        }
    }

    @Test("every invalid vector is refused for its reason")
    func invalid() throws {
        for vector in vectors.invalid {
            let parts = try vector.parts.map { try #require(bytes(hexadecimal: $0)) }
            let head = try #require(parts.first)
            let lane = try #require(Lane.allCases.first { "\($0)" == vector.lane })
            let defect = #expect(throws: FrameDefect.self, "\(vector.name)") {
                let header = try head.withUnsafeBytes { try FrameHeader(decoding: $0, on: lane, limits: limits) }
                try MessageShape.check(header, attachmentSizes: parts.dropFirst().map(\.count), limits: limits)
            }
            #expect(defect?.label == vector.defect, "\(vector.name)")
        }
    }

    @Test("there is an invalid vector for every defect and every field")
    func completeness() {
        let fields = Set(FrameField.allCases.map { "misplaced-\($0.rawValue)" })
        let others: Set<String> = [
            "truncated", "bad-magic", "unknown-version", "unknown-kind", "unknown-lane", "wrong-lane", "unknown-flags",
            "timeout-too-long", "argument-too-large", "subject-too-long", "bad-subject", "body-too-large",
            "length-mismatch", "too-many-attachments", "attachment-count-mismatch", "attachment-too-large",
            "attachments-too-large",
        ]
        #expect(Set(vectors.invalid.map(\.defect)) == fields.union(others))
    }

    @Test("the independent Python implementation reads and writes the same vectors", .enabled(if: Python.has("struct")))
    func python() async throws {
        try await Python.run(Python.peer("test_gedge_wire.py"), [GoldenVectors.path])
    }

    private func header(of vector: GoldenVectors.Valid) throws -> FrameHeader {
        let key = try #require(TraceID(vector.key))
        return FrameHeader(
            kind: try #require(FrameKind.allCases.first { "\($0)" == vector.kind }),
            lane: try #require(Lane.allCases.first { "\($0)" == vector.lane }),
            flags: FrameFlags(rawValue: vector.flags),
            session: try #require(UInt64(vector.session)),
            sequence: try #require(UInt64(vector.sequence)),
            correlation: try #require(UInt64(vector.correlation)),
            timeoutMilliseconds: try #require(UInt64(vector.timeoutMilliseconds)),
            argument: try #require(UInt64(vector.argument)),
            trace: try #require(TraceID(vector.trace)),
            key: IdempotencyKey(high: key.high, low: key.low),
            subjectLength: UInt16(vector.subject.utf8.count),
            attachmentCount: UInt16(vector.attachments.count),
            bodyLength: UInt32(vector.body.utf8.count))
    }
}
