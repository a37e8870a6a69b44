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
        let archive = try NPZWriter(path: path)
        try archive.add(featuresArray, name: "features")
        try archive.add(labelsArray, name: "labels")
        try archive.finish()
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
