public import Core

/// An operator keeps work off an edge.
public struct Cordon: Codable, Sendable, Hashable {
    public var since: Timestamp
    /// Whether the work that runs there is to leave it, too, at its next pause.
    public var isDraining: Bool

    public init(since: Timestamp, isDraining: Bool) {
        self.since = since
        self.isDraining = isDraining
    }
}

public struct CordonRequest: Codable, Sendable, Hashable {
    public enum Action: String, Codable, Sendable, Hashable {
        case cordon, drain, uncordon
    }

    public var edge: Name
    public var action: Action

    public init(edge: Name, action: Action) {
        self.edge = edge
        self.action = action
    }
}

/// A mark on an edge that keeps jobs away unless they tolerate it.
public struct Taint: Codable, Sendable, Hashable {
    public enum Effect: String, Codable, Sendable, Hashable, CaseIterable {
        /// Only jobs that tolerate it run there.
        case noSchedule = "NoSchedule"
        /// Others run there only when nothing else will do.
        case preferNoSchedule = "PreferNoSchedule"
    }

    public var key: String
    public var value: String?
    public var effect: Effect

    public init(key: String, value: String? = nil, effect: Effect = .noSchedule) {
        self.key = key
        self.value = value
        self.effect = effect
    }

    /// Without an effect it is `NoSchedule`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        key = try container.decode(String.self, forKey: .key)
        value = try container.decodeIfPresent(String.self, forKey: .value)
        effect = try container.decodeIfPresent(Effect.self, forKey: .effect) ?? .noSchedule
    }
}

extension Taint: CustomStringConvertible {
    /// As `kubectl` writes it: `key=value:effect`, or `key:effect`.
    public var description: String { "\(key)\(value.map { "=" + $0 } ?? ""):\(effect.rawValue)" }

    /// The most taints of one edge.
    public static let maximumCount = 32

    /// What is wrong with it; `nil` for a sound one. A key has 1 to 128 and a value at most 63 of `A-Z a-z 0-9 - _ . /`.
    public var fault: String? {
        if key.isEmpty || key.utf8.count > 128 || !Self.isWord(key) {
            return "a taint's key must have 1 to 128 letters, digits, '-', '_', '.' or '/', not '\(key.prefix(128))'"
        }
        if let value, value.utf8.count > 63 || !Self.isWord(value) {
            return "the value of taint '\(key)' must have at most 63 letters, digits, '-', '_', '.' or '/'"
        }
        return nil
    }

    private static func isWord(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"):
                true
            default: false
            }
        }
    }
}
