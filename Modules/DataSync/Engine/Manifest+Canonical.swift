public import Contracts

extension Manifest {
    /// The one encoding whose SHA-256 names the manifest: JSON with sorted keys, no white space, UTF-8, and only the
    /// escapes that JSON demands (as Python's `json.dumps(…, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`).
    public var canonicalBytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(64 + tensors.count * 64 + files.count * 128 + shards.count * 144)
        out += #"{"files":["#.utf8
        for (index, file) in files.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out += #"{"mode":\#(file.mode),"modified":\#(file.modified),"path":"#.utf8
            Self.append(file.path, to: &out)
            out += #","size":\#(file.size)}"#.utf8
        }
        out += #"],"shards":["#.utf8
        for (index, shard) in shards.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out += #"{"digest":"\#(shard.digest.hex)","entry":\#(shard.entry),"leaves":\#(shard.leaves),"#.utf8
            out += #""offset":\#(shard.offset),"size":\#(shard.size)}"#.utf8
        }
        out += #"],"tensors":["#.utf8
        for (index, tensor) in tensors.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out += #"{"name":"#.utf8
            Self.append(tensor.name, to: &out)
            out += #","shape":[\#(tensor.shape.map(String.init).joined(separator: ","))],"#.utf8
            out += #""type":"\#(tensor.type.rawValue)"}"#.utf8
        }
        out += #"],"version":\#(version)}"#.utf8
        return out
    }

    /// The manifest's name.
    public var digest: Digest { canonicalBytes.withUnsafeBytes { SHA256.digest(of: $0) } }

    private static func append(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out += #"\""#.utf8
            case UInt8(ascii: "\\"): out += #"\\"#.utf8
            case 0x08: out += #"\b"#.utf8
            case 0x09: out += #"\t"#.utf8
            case 0x0a: out += #"\n"#.utf8
            case 0x0c: out += #"\f"#.utf8
            case 0x0d: out += #"\r"#.utf8
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                out += #"\u00\#(digits.count == 1 ? "0" : "")\#(digits)"#.utf8
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
