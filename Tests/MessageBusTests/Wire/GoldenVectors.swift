import Foundation
import MessageBus

/// `vectors.json`, which Tests/peers/make_vectors.py wrote and every implementation of the wire format is held against.
struct GoldenVectors: Decodable {
    struct Limits: Decodable {
        let body: Int
        let attachments: Int
        let attachment: Int
        let total: Int
    }

    struct Valid: Decodable {
        let name: String
        let parts: [String]
        let kind: String
        let lane: String
        let flags: UInt8
        let session: String
        let sequence: String
        let correlation: String
        let timeoutMilliseconds: String
        let argument: String
        let trace: String
        let key: String
        let subject: String
        let body: String
        let attachments: [String]
    }

    struct Invalid: Decodable {
        let name: String
        let lane: String
        let parts: [String]
        let defect: String
    }

    let limits: Limits
    let valid: [Valid]
    let invalid: [Invalid]

    static var path: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("vectors.json").path
    }

    static func load() throws -> GoldenVectors {
        try JSONDecoder().decode(GoldenVectors.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// The limits under which the vectors are valid or not, the same on every lane.
    var frameLimits: FrameLimits {
        let lane = LaneLimits(
            bodyBytes: limits.body, attachments: limits.attachments, attachmentBytes: limits.attachment,
            totalAttachmentBytes: limits.total)
        return FrameLimits(control: lane, model: lane, bulk: lane)
    }
}
