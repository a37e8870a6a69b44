import Contracts

/// A place in the stead of a digest, for shards that are made when they are read.
struct ShardAddress: Sendable, Hashable {
    /// Which model.
    var slot: Int
    /// Where in it.
    var position: Int

    init(slot: Int, position: Int) {
        self.slot = slot
        self.position = position
    }

    /// - Returns: `nil` for the digest of something: none begins with so many zeros.
    init?(_ digest: Digest) {
        guard digest.hex.hasPrefix(String(repeating: "0", count: 16)),
            let slot = Int(digest.hex.prefix(32), radix: 16), let position = Int(digest.hex.suffix(32), radix: 16)
        else { return nil }
        self.init(slot: slot, position: position)
    }

    var digest: Digest {
        get throws {
            func digits(_ number: Int) -> String {
                let text = String(number, radix: 16)
                return String(repeating: "0", count: 32 - text.count) + text
            }
            guard let digest = Digest(hex: digits(slot) + digits(position)) else {
                throw FedLearnError("invalid", "there is no place \(position) in model \(slot)")
            }
            return digest
        }
    }
}
