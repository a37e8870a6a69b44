/// Puts an answer's head together from its lines.
struct HeadParser {
    private let maximumBytes: Int
    private var bytes = 0
    private var status = 0
    private var headers = HTTPHeaders()

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    enum Step {
        case more
        /// The head is whole; another may follow it, as after `100 Continue`.
        case head(HTTPResponseHead)
        case tooLarge
        case malformed
    }

    /// Takes one line with its end.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Step {
        bytes += line.count
        if bytes > maximumBytes { return .tooLarge }
        let text = line.prefix { $0 != 0x0d && $0 != 0x0a }
        if text.isEmpty {
            defer {
                headers = HTTPHeaders()
                bytes = 0
            }
            return status >= 100 ? .head(HTTPResponseHead(status: status, headers: headers)) : .malformed
        }
        let string = String(decoding: text, as: UTF8.self)
        if string.hasPrefix("HTTP/") {
            let words = string.split(separator: " ", maxSplits: 2)
            guard words.count >= 2, let number = Int(words[1]), (100...999).contains(number) else { return .malformed }
            status = number
            headers = HTTPHeaders()
        } else if let colon = string.utf8.firstIndex(of: UInt8(ascii: ":")) {
            headers.append(String(string[..<colon]), Self.trimmed(string[string.utf8.index(after: colon)...]))
        }
        return .more
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var rest = text.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }
}
