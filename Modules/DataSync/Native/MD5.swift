import CCrypto

/// MD5 (RFC 1321) by OpenSSL: a checksum that object stores ask for, never a proof of anything.
enum MD5 {
    /// The checksum as `Content-MD5` writes it.
    static func base64(of bytes: UnsafeRawBufferPointer) -> String {
        var hash = [UInt8](repeating: 0, count: 16)
        var length: UInt32 = 0
        let status = EVP_Digest(bytes.baseAddress, bytes.count, &hash, &length, EVP_md5(), nil)
        precondition(status == 1 && length == 16, "OpenSSL has no MD5; its library is broken")
        var text = [UInt8](repeating: 0, count: 25)
        EVP_EncodeBlock(&text, &hash, 16)
        return String(decoding: text.prefix(24), as: UTF8.self)
    }
}
