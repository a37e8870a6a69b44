/// Takes comma-separated text apart, row by row (RFC 4180): quoted fields, doubled quotes, any line ending, and a byte-order
/// mark. Rows without any character are passed over.
struct CSVReader {
    /// The bytes of the row's fields, one after the other, without quotes.
    private(set) var bytes: [UInt8] = []
    /// Where each field ends in `bytes`.
    private(set) var ends: [Int] = []
    /// The byte of the line on which each field starts, from 1.
    private(set) var columns: [Int] = []
    /// The line on which the row starts, from 1.
    private(set) var line = 0

    private static let maximumRowBytes = 256 << 20

    private let source: any ByteReader
    private let delimiter: UInt8
    private var chunk: [UInt8]
    private var position = 0
    private var filled = 0
    /// The line and byte that `position` is at.
    private var currentLine = 1
    private var currentColumn = 1
    private var lastWasReturn = false

    init(_ source: any ByteReader, delimiter: UInt8) {
        self.source = source
        self.delimiter = delimiter
        chunk = [UInt8](repeating: 0, count: 256 << 10)
    }

    /// How many fields the row has.
    var count: Int { ends.count }

    /// The bytes of field `index`.
    func withField<Result>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[(index == 0 ? 0 : ends[index - 1])..<ends[index]]))
        }
    }

    /// The text of field `index`, repaired where it is not UTF-8.
    func text(_ index: Int) -> String { withField(index) { String(decoding: $0, as: UTF8.self) } }

    private enum State {
        case fieldStart
        case unquoted
        case quoted
        /// After a quote inside a quoted field: the end, or the first of two.
        case closing
    }

    /// Reads the next row. Returns whether there was one.
    mutating func next() throws -> Bool {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        columns.removeAll(keepingCapacity: true)
        var state = State.fieldStart
        line = currentLine
        columns.append(currentColumn)
        while true {
            guard try position < filled || refill() else { return try endOfFile(state) }
            let byte = chunk[position]
            position += 1
            let followsReturn = lastWasReturn
            lastWasReturn = false
            let column = currentColumn
            currentColumn += 1
            if state == .quoted {
                if byte == UInt8(ascii: "\"") {
                    state = .closing
                } else {
                    if byte == UInt8(ascii: "\n") { newLine() }
                    bytes.append(byte)
                }
            } else if byte == delimiter {
                ends.append(bytes.count)
                columns.append(column + 1)
                state = .fieldStart
            } else if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if byte == UInt8(ascii: "\n"), followsReturn {
                    // The second half of a line ending.
                    currentColumn = 1
                    columns[0] = 1
                    continue
                }
                newLine()
                lastWasReturn = byte == UInt8(ascii: "\r")
                if ends.isEmpty, bytes.isEmpty, state == .fieldStart {
                    line = currentLine
                    columns[0] = 1
                    continue
                }
                ends.append(bytes.count)
                return true
            } else if byte == UInt8(ascii: "\""), state != .unquoted {
                if state == .closing { bytes.append(byte) }
                state = .quoted
            } else if state == .closing {
                guard byte == 0x20 || byte == 0x09 else {
                    throw malformed(
                        line: currentLine, column: column,
                        "text follows a closing quote; double a quote inside a quoted field")
                }
            } else {
                state = .unquoted
                bytes.append(byte)
            }
            guard bytes.count <= Self.maximumRowBytes, ends.count <= DatasetLimits.maximumColumns else {
                throw DatasetError(
                    .tooLarge, "\(source.name):\(line): the row is longer than a row can be; is a quote left open?")
            }
        }
    }

    private mutating func newLine() {
        currentLine += 1
        currentColumn = 1
    }

    /// Ends the last row of a file without a final line ending.
    private mutating func endOfFile(_ state: State) throws -> Bool {
        if state == .quoted {
            throw malformed(line: line, column: columns.last ?? 1, "a quote is opened and never closed")
        }
        if ends.isEmpty, bytes.isEmpty, state == .fieldStart { return false }
        ends.append(bytes.count)
        return true
    }

    private mutating func refill() throws -> Bool {
        let isFirst = currentLine == 1 && currentColumn == 1 && filled == 0
        position = 0
        filled = try chunk.withUnsafeMutableBytes { try source.read(into: $0) }
        if isFirst, filled >= 3, chunk[0] == 0xef, chunk[1] == 0xbb, chunk[2] == 0xbf { position = 3 }
        return position < filled
    }

    private func malformed(line: Int, column: Int, _ what: String) -> DatasetError {
        DatasetError(.malformed, "\(source.name):\(line):\(column): \(what)")
    }
}
