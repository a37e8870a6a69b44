import CCrypto
import CKernels
public import Contracts

/// SHA-256 (FIPS 180-4) by OpenSSL, which uses the processor's instructions for it, or, for several messages on an x86-64
/// processor that has such instructions, by `CKernels`, which works on two messages at a time.
public enum SHA256 {
    /// The digest of `bytes`. About 1 to 2 GB/s; call it from a thread that may compute.
    public static func digest(of bytes: UnsafeRawBufferPointer) -> Digest { key(of: bytes).digest }

    /// As `digest(of:)`, without text.
    public static func key(of bytes: UnsafeRawBufferPointer) -> LeafKey {
        withUnsafeTemporaryAllocation(byteCount: LeafKey.byteCount, alignment: 8) { hash in
            var length: UInt32 = 0
            let status = EVP_Digest(
                bytes.baseAddress, bytes.count, hash.baseAddress?.assumingMemoryBound(to: UInt8.self), &length,
                EVP_sha256(), nil)
            precondition(
                status == 1 && Int(length) == hash.count, "OpenSSL has no SHA-256; its library is broken")
            return LeafKey(bytes: UnsafeRawBufferPointer(hash))
        }
    }

    /// As `key(of:)` for each of `messages`; up to twice as fast.
    public static func keys(of messages: [UnsafeRawBufferPointer]) -> [LeafKey] {
        guard isFast, messages.count > 1 else { return messages.map { key(of: $0) } }
        let size = LeafKey.byteCount
        return withUnsafeTemporaryAllocation(byteCount: messages.count * size, alignment: 8) { hashes in
            // An empty message has no address; no byte of it is read either.
            let empty = UnsafeRawPointer(hashes.baseAddress)
            let starts = messages.map { ($0.baseAddress ?? empty)?.assumingMemoryBound(to: UInt8.self) }
            let counts = messages.map(\.count)
            gedge_sha256(
                starts, counts, hashes.baseAddress?.assumingMemoryBound(to: UInt8.self), messages.count)
            return messages.indices.map {
                LeafKey(bytes: UnsafeRawBufferPointer(rebasing: hashes[$0 * size..<($0 + 1) * size]))
            }
        }
    }

    private static let isFast = gedge_sha256_is_fast() != 0
}

extension Digest {
    /// The digest whose 32 bytes are `hash`.
    init(hash: [UInt8]) {
        precondition(hash.count == 32)
        let digits = Array("0123456789abcdef".utf8)
        let text = String(unsafeUninitializedCapacity: 64) { out in
            for (index, byte) in hash.enumerated() {
                out[2 * index] = digits[Int(byte >> 4)]
                out[2 * index + 1] = digits[Int(byte & 15)]
            }
            return 64
        }
        guard let digest = Digest(hex: text) else { preconditionFailure("64 hexadecimal digits are a digest") }
        self = digest
    }
}
