extension LabelledData {
    /// Writes the data as CSV, the label in the last column; values read back the same.
    /// - Parameter header: the names of all columns, or `nil` for no header.
    /// - Throws: `DatasetError`; nothing lies under `path` then that did not before.
    public func writeCSV(to path: String, header: [String]? = nil) throws(DatasetError) {
        let file = try OutputFile(path: path)
        if let header {
            guard header.count == featureCount + 1 else {
                throw DatasetError(
                    .invalidSettings,
                    "\(path): \(header.count) names for \(featureCount + 1) columns; give one for each")
            }
            try file.write((header.map(Self.quoted).joined(separator: ",") + "\n").utf8)
        }
        var line: [UInt8] = []
        for row in 0..<count {
            line.removeAll(keepingCapacity: true)
            for value in features[(row * featureCount)..<((row + 1) * featureCount)] {
                // The shortest text that reads back the same; whole numbers without a fraction.
                if value == value.rounded(), abs(value) < 1e7, !(value == 0 && value.sign == .minus) {
                    line.append(contentsOf: String(Int32(value)).utf8)
                } else {
                    line.append(contentsOf: value.description.utf8)
                }
                line.append(UInt8(ascii: ","))
            }
            line.append(contentsOf: String(labels[row]).utf8)
            line.append(UInt8(ascii: "\n"))
            try file.write(line)
        }
        try file.finish()
    }

    /// Writes features (float32, samples × features) and labels (int32) as two NumPy arrays.
    public func writeNPY(features featuresPath: String, labels labelsPath: String) throws(DatasetError) {
        try Self.writeArray(featuresArray, to: featuresPath)
        try Self.writeArray(labelsArray, to: labelsPath)
    }

    /// Writes a NumPy archive with the arrays `features` (float32, samples × features) and `labels` (int32), not compressed.
    /// - Throws: `DatasetError.Kind.tooLarge` for 4 GiB or more; `DatasetError.Kind.unwritable`.
    public func writeNPZ(to path: String) throws(DatasetError) {
        let file = try OutputFile(path: path)
        var directory: [UInt8] = []
        var offset = 0
        for (name, array) in [("features.npy", featuresArray), ("labels.npy", labelsArray)] {
            let size = array.header.count + array.byteCount
            guard offset + size < Int(UInt32.max) - (1 << 16) else {
                throw DatasetError(.tooLarge, "\(path): the archive would reach 4 GiB; write .npy files instead")
            }
            var checksum = Checksum()
            array.header.withUnsafeBytes { checksum.add($0) }
            array.withBytes { checksum.add($0) }
            var common: [UInt8] = []
            common.append(littleEndian: UInt16(20))  // version needed: 2.0
            common.append(littleEndian: UInt16(0x0800))  // the name is UTF-8
            common.append(littleEndian: UInt16(0))  // stored
            common.append(littleEndian: UInt16(0))  // 00:00
            common.append(littleEndian: UInt16(0x21))  // 1980-01-01, so that the same data gives the same file
            common.append(littleEndian: checksum.value)
            common.append(littleEndian: UInt32(size))
            common.append(littleEndian: UInt32(size))
            common.append(littleEndian: UInt16(name.utf8.count))
            common.append(littleEndian: UInt16(0))  // no extra field
            var local: [UInt8] = []
            local.append(littleEndian: UInt32(0x0403_4b50))
            local += common + Array(name.utf8)
            try file.write(local)
            try file.write(array.header)
            try array.write(to: file)
            directory.append(littleEndian: UInt32(0x0201_4b50))
            directory.append(littleEndian: UInt16(20))
            directory += common
            for _ in 0..<3 { directory.append(littleEndian: UInt16(0)) }  // comment, disk, internal attributes
            directory.append(littleEndian: UInt32(0))
            directory.append(littleEndian: UInt32(offset))
            directory += Array(name.utf8)
            offset += local.count + size
        }
        try file.write(directory)
        var end: [UInt8] = []
        end.append(littleEndian: UInt32(0x0605_4b50))
        end.append(littleEndian: UInt32(0))
        end.append(littleEndian: UInt16(2))
        end.append(littleEndian: UInt16(2))
        end.append(littleEndian: UInt32(directory.count))
        end.append(littleEndian: UInt32(offset))
        end.append(littleEndian: UInt16(0))
        try file.write(end)
        try file.finish()
    }

    private var featuresArray: NPYArray {
        NPYArray(descriptor: "<f4", shape: [count, featureCount], contents: .floats(features))
    }

    private var labelsArray: NPYArray { NPYArray(descriptor: "<i4", shape: [count], contents: .integers(labels)) }

    private static func writeArray(_ array: NPYArray, to path: String) throws(DatasetError) {
        let file = try OutputFile(path: path)
        try file.write(array.header)
        try array.write(to: file)
        try file.finish()
    }

    private static func quoted(_ name: String) -> String {
        guard name.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return name }
        return "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
