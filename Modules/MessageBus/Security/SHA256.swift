import CCrypto

/// SHA-256 by OpenSSL (FIPS 180-4).
enum SHA256 {
    static let byteCount = 32

    static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        let status = EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, EVP_sha256(), nil)
        precondition(status == 1, "libcrypto has no SHA-256; its installation is broken")
        return digest
    }
}
