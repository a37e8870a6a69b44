/// Reads a table of numbers, one sample a row, one column the label.
struct CSVLoader {
    let source: DatasetSource
    let limits: DatasetLimits

    func load() throws -> Table {
        let rows = try countLines()
        let file = try DataFile.open(source.path)
        let most = file.mostBytesLeft
        var reader = CSVReader(file, delimiter: try delimiter())
        guard try reader.next() else {
            throw DatasetError(.malformed, "\(source.path): the file is empty; there must be a row for each sample")
        }
        let header = try header(&reader)
        if header != nil, try !reader.next() {
            throw DatasetError(.malformed, "\(source.path): there are no rows behind the header")
        }
        let columns = header?.count ?? reader.count
        guard columns >= 2 else {
            throw DatasetError(
                .malformed,
                "\(source.path):\(reader.line): there is one column, but a sample needs a feature and a label; if another "
                    + "character separates the fields, set 'delimiter'")
        }
        let label = try labelColumn(header: header, columns: columns)
        var table = Table(features: [], labels: [], featureCount: columns - 1)
        if let rows {
            // A value takes two bytes of the file at least, whatever the number of lines promises.
            let values = min(rows.multipliedClamped(by: columns - 1), most / 2 + 1)
            try limits.check(samples: max(1, values / (columns - 1)), features: columns - 1, of: source.path)
            table.features.reserveCapacity(values)
            table.labels.reserveCapacity(min(rows, most / 2 + 1))
        }
        repeat {
            guard reader.count == columns else {
                throw DatasetError(
                    .malformed,
                    "\(source.path):\(reader.line): the row has \(reader.count) fields, but the first has \(columns); "
                        + "every row needs the same number")
            }
            for index in 0..<columns {
                if index == label {
                    table.labels.append(try self.label(reader, index, header))
                } else {
                    table.features.append(try feature(reader, index, header))
                }
            }
            try limits.check(samples: table.labels.count, features: columns - 1, of: source.path)
        } while try reader.next()
        return table
    }

    /// How many lines a file that is not compressed has, so that memory is set aside once; more than the rows when fields
    /// span lines.
    private func countLines() throws -> Int? {
        guard !source.path.hasSuffix(".gz") else { return nil }
        let file = try FileReader(path: source.path)
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        var lines = 1
        while true {
            let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
            guard count > 0 else { return lines }
            chunk.withUnsafeBufferPointer { chunk in
                for i in 0..<count where chunk[i] == UInt8(ascii: "\n") { lines += 1 }
            }
        }
    }

    private func delimiter() throws -> UInt8 {
        guard let text = source.delimiter else {
            let name = source.path.hasSuffix(".gz") ? String(source.path.dropLast(3)) : source.path
            return name.lowercased().hasSuffix(".tsv") ? UInt8(ascii: "\t") : UInt8(ascii: ",")
        }
        let bytes = Array(text.utf8)
        guard bytes.count == 1, !"\"\r\n+-.0123456789eE".utf8.contains(bytes[0]), bytes[0] < 0x80 else {
            throw DatasetError(
                .invalidSettings,
                "\(source.path): 'delimiter' must be one ASCII character that is no part of a number, such as ';'")
        }
        return bytes[0]
    }

    /// The names of the columns when the first row holds them.
    private func header(_ reader: inout CSVReader) throws -> [String]? {
        let kinds = (0..<reader.count).map { reader.withField($0, NumberParser.parse) }
        let isHeader = source.header ?? kinds.allSatisfy { $0 == .text || $0 == .missing }
        guard isHeader else { return nil }
        guard source.header == true || kinds.contains(.text) else { return nil }
        return (0..<reader.count).map { reader.text($0) }
    }

    private func labelColumn(header: [String]?, columns: Int) throws -> Int {
        do { return try (source.labelColumn ?? .last).position(header: header, count: columns) } catch {
            throw DatasetError(.invalidSettings, "\(source.path): \(error.message)")
        }
    }

    private func feature(_ reader: CSVReader, _ index: Int, _ header: [String]?) throws -> Float {
        let parsed = reader.withField(index, NumberParser.parse)
        if case .number(let value) = parsed {
            let feature = Float(value)
            if feature.isFinite { return feature }
        }
        throw problem(parsed, reader, index, header)
    }

    private func label(_ reader: CSVReader, _ index: Int, _ header: [String]?) throws -> Int32 {
        let parsed = reader.withField(index, NumberParser.parse)
        guard case .number(let value) = parsed else { throw problem(parsed, reader, index, header) }
        guard value >= 0, value < Double(DatasetLimits.maximumClasses), value == value.rounded() else {
            throw DatasetError(
                .invalidLabel,
                "\(place(reader, index)): the label '\(excerpt(reader, index))' is not a class; labels are whole numbers "
                    + "from 0; if another column holds them, set 'labelColumn'")
        }
        return Int32(value)
    }

    private func problem(_ parsed: ParsedNumber, _ reader: CSVReader, _ index: Int, _ header: [String]?) -> DatasetError
    {
        let name = header.map { " (\($0[index].prefix(40)))" } ?? ""
        let field = "field \(index + 1)\(name)"
        switch parsed {
        case .number, .notFinite:
            return DatasetError(
                .invalidValue,
                "\(place(reader, index)): \(field) is '\(excerpt(reader, index))', which is not a finite float32 number; "
                    + "remove the row or put a number there")
        case .missing:
            return DatasetError(
                .invalidValue,
                "\(place(reader, index)): \(field) has no value ('\(excerpt(reader, index))'); remove the row or put a "
                    + "number there")
        case .text:
            let hint =
                header == nil && reader.line == 1
                ? "; if the first row names the columns, set 'header' to true"
                : "; remove the row or put a number there"
            return DatasetError(
                .invalidValue, "\(place(reader, index)): \(field) is '\(excerpt(reader, index))', not a number\(hint)")
        }
    }

    private func place(_ reader: CSVReader, _ index: Int) -> String {
        "\(source.path):\(reader.line):\(reader.columns[index])"
    }

    /// The field's text, cut and without control characters, for a message.
    private func excerpt(_ reader: CSVReader, _ index: Int) -> String {
        String(reader.text(index).unicodeScalars.prefix(40).map { $0.value < 0x20 ? "?" : Character($0) })
    }
}
