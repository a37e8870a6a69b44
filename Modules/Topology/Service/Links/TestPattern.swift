import Contracts
import Core
import MessageBus

/// Bytes that no tunnel on the way can make smaller; the same every time.
enum TestPattern {
    /// Made by the first test and kept, so that no measurement waits for it.
    private static let full: Attachment = {
        var generator = SplitMix64(seed: 1)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(NetSourceRequest.maximumItemBytes)
        while bytes.count < NetSourceRequest.maximumItemBytes {
            withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) }
        }
        return Attachment(bytes)
    }()

    /// The first `count` of them, at most `NetSourceRequest.maximumItemBytes`, without a copy.
    static func attachment(_ count: Int) -> Attachment {
        let (owner, bytes) = full.shared
        return Attachment(owner: owner, bytes: UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
    }
}
