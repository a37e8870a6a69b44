import Core

/// One log record as one line of JSON: `time`, `level`, `label`, `message`, then the metadata by key, then `error`.
enum JSONLine {
    /// The longest text that is written; the rest is cut off and marked.
    static let textLimit = 16 << 10

    /// The line with its line feed.
    static func bytes(_ record: LogRecord) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        line.append(UInt8(ascii: "{"))
        append("time", record.time.description, to: &line)
        line.append(UInt8(ascii: ","))
        append("level", record.level.rawValue, to: &line)
        line.append(UInt8(ascii: ","))
        append("label", record.label, to: &line)
        line.append(UInt8(ascii: ","))
        append("message", record.message, to: &line)
        for (key, value) in record.metadata {
            line.append(UInt8(ascii: ","))
            append(key, value, to: &line)
        }
        if let error = record.error {
            line += ",\"error\":{".utf8
            append("code", error.code, to: &line)
            line.append(UInt8(ascii: ","))
            append("message", error.message, to: &line)
            line.append(UInt8(ascii: "}"))
        }
        line += "}\n".utf8
        return line
    }

    /// `"key":"value"` as it stands in a line; nothing else in a line looks the same, because quotes inside of texts are
    /// escaped.
    static func member(_ key: String, _ value: String) -> [UInt8] {
        var bytes: [UInt8] = []
        append(key, value, to: &bytes)
        return bytes
    }

    private static func append(_ key: String, _ value: String, to line: inout [UInt8]) {
        append(key, to: &line)
        line.append(UInt8(ascii: ":"))
        append(value, to: &line)
    }

    /// A JSON string (RFC 8259, section 7).
    static func append(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        let utf8 = text.utf8
        let cut = utf8.count > textLimit
        for byte in cut ? String(decoding: utf8.prefix(textLimit), as: UTF8.self).utf8 : utf8 {
            switch byte {
            case UInt8(ascii: "\""): line += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\\"): line += [byte, byte]
            case 0x0A: line += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case 0x0D: line += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
            case 0x09: line += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            case 0..<0x20, 0x7F:
                let digits = Array("0123456789abcdef".utf8)
                line += "\\u00".utf8
                line += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: line.append(byte)
            }
        }
        if cut { line += "… (\(utf8.count - textLimit) more bytes)".utf8 }
        line.append(UInt8(ascii: "\""))
    }
}
