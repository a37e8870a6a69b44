import CYAML
import Core

/// Owns a libyaml parser and hands out its events one by one.
final class EventParser {
    /// One event, copied out of libyaml's memory.
    enum Event {
        case streamStart
        case streamEnd
        case documentStart
        case documentEnd
        case alias(String)
        case scalar(text: String, tag: String?, anchor: String?, isPlain: Bool)
        case sequenceStart(tag: String?, anchor: String?)
        case sequenceEnd
        case mappingStart(tag: String?, anchor: String?)
        case mappingEnd
    }

    /// A place as libyaml counts it, from 0, in characters.
    struct Mark {
        var index: Int
        var line: Int
        var column: Int

        init(_ mark: yaml_mark_t) {
            index = Int(mark.index)
            line = Int(mark.line)
            column = Int(mark.column)
        }
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// libyaml reads from it until the parser is deleted.
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let source: String
    private let lineOffset: Int

    /// - Parameter lineOffset: how many lines precede `text` in `source`.
    init(_ text: String, source: String, lineOffset: Int) throws(YAMLError) {
        self.source = source
        self.lineOffset = lineOffset
        let utf8 = text.utf8
        input = .allocate(capacity: utf8.count)
        _ = input.initialize(fromContentsOf: utf8)
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        guard yaml_parser_initialize(parser) != 0 else {
            throw YAMLError(code: "too-large", at: SourceLocation(source: source), "there is no memory left to read it")
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    func location(_ mark: Mark) -> SourceLocation {
        SourceLocation(source: source, line: mark.line + 1 + lineOffset, column: mark.column + 1)
    }

    /// The next event and where it starts.
    func next() throws(YAMLError) -> (event: Event, mark: Mark) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) != 0 else { throw failure() }
        defer { yaml_event_delete(&event) }
        return (Self.copy(event), Mark(event.start_mark))
    }

    private static func copy(_ event: yaml_event_t) -> Event {
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(string(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                text: String(decoding: bytes, as: UTF8.self), tag: string(scalar.tag), anchor: string(scalar.anchor),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return .sequenceStart(tag: string(start.tag), anchor: string(start.anchor))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return .mappingStart(tag: string(start.tag), anchor: string(start.anchor))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .streamEnd
        }
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        text.map { String(cString: $0) }
    }

    /// What libyaml could not read, in words that say what to do.
    private func failure() -> YAMLError {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "the text is not YAML"
        switch state.error {
        case YAML_MEMORY_ERROR:
            return YAMLError(
                code: "too-large", at: location(Mark(state.mark)), "there is no memory left to read the rest")
        case YAML_READER_ERROR:
            let before = input.prefix(state.problem_offset)
            let line = before.count { $0 == UInt8(ascii: "\n") }
            return YAMLError(
                code: "syntax", at: SourceLocation(source: source, line: line + 1 + lineOffset),
                "\(problem) (character \(String(state.problem_value, radix: 16, uppercase: true)) hexadecimal)")
        default:
            let mark = Mark(state.problem_mark)
            var message = isTab(at: mark) ? "a tab cannot indent YAML; use spaces" : Self.advice(problem)
            if let context = state.context.map({ String(cString: $0) }) {
                let line = Int(state.context_mark.line)
                message += " (\(context)" + (line != mark.line ? " that starts in line \(line + 1 + lineOffset))" : ")")
            }
            return YAMLError(code: "syntax", at: location(mark), message)
        }
    }

    private func isTab(at mark: Mark) -> Bool {
        String(decoding: input, as: UTF8.self).unicodeScalars.dropFirst(mark.index).first == "\t"
    }

    /// libyaml's words with the usual remedy.
    private static func advice(_ problem: String) -> String {
        switch problem {
        case "mapping values are not allowed in this context":
            "a ':' is not allowed here; check the indentation, or put the text in quotes"
        case "could not find expected ':'": "expected ':' after the name of a field"
        case "did not find expected key": "expected a field here; check the indentation and the quotes"
        case "found character that cannot start any token":
            "this character cannot start a value; put the text in quotes"
        default: problem
        }
    }
}
