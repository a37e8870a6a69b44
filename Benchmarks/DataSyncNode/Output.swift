import Glibc

/// Lines of JSON on the standard output.
enum Output {
    static func line(_ values: KeyValuePairs<String, any CustomStringConvertible>) {
        let members = values.map { key, value in "\"\(key)\": \(text(value))" }
        let bytes = Array("{\(members.joined(separator: ", "))}\n".utf8)
        guard write(STDOUT_FILENO, bytes, bytes.count) == bytes.count else { exit(3) }
    }

    private static func text(_ value: any CustomStringConvertible) -> String {
        guard let text = value as? String else { return value.description }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 0x20: " "
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
