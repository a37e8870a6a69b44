/// What labels may be: Kubernetes' rules
/// (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set).
public enum LabelSyntax {
    /// The most labels of one edge.
    public static let maximumCount = 64

    /// What is wrong with a key; `nil` for a sound one: a name, or a domain, a slash and a name.
    public static func fault(inKey key: String) -> String? {
        let parts = key.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, !isDomain(parts[0]) {
            return
                "what stands before the slash of label '\(shown(key))' must be a domain of lower-case letters, digits, "
                + "'-' and '.', of at most 253 characters"
        }
        guard let name = parts.last, !name.isEmpty, isWord(name) else {
            return
                "a label's key must have 1 to 63 letters, digits, '-', '_' or '.', and begin and end with a letter or a "
                + "digit, not '\(shown(key))'"
        }
        return nil
    }

    /// What is wrong with a value; `nil` for a sound one, which may be empty.
    public static func fault(inValue value: String, of key: String) -> String? {
        if value.isEmpty || isWord(value[...]) { return nil }
        return
            "the value of label '\(shown(key))' must be empty or have at most 63 letters, digits, '-', '_' or '.', and "
            + "begin and end with a letter or a digit, not '\(shown(value))'"
    }

    /// What is wrong with the first label, by key, that is none; `nil` when all are sound.
    public static func fault(in labels: [String: String]) -> String? {
        if labels.count > maximumCount {
            return "there are \(labels.count) labels, and at most \(maximumCount) are kept"
        }
        return labels.sorted { $0.key < $1.key }.lazy.compactMap { key, value in
            fault(inKey: key) ?? fault(inValue: value, of: key)
        }.first
    }

    /// Not what a terminal would obey, and not without end.
    private static func shown(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(80).map {
                    $0.properties.isPatternWhitespace || $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? "?" : $0
                }))
    }

    private static func isWord(_ text: Substring) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= 63, let first = bytes.first, let last = bytes.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy {
                isAlphanumeric($0) || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains($0)
            }
    }

    private static func isDomain(_ text: Substring) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
                isWord(part) && part.utf8.allSatisfy { !(0x41...0x5A).contains($0) && $0 != UInt8(ascii: "_") }
            }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
