/// Reads NumPy arrays: features in one file and labels in another, or a matrix with the label in one column.
struct NPYLoader {
    let source: DatasetSource
    let limits: DatasetLimits

    func load() throws -> Table {
        let features = try Self.array(DataFile.open(source.path), limits)
        if let labelsPath = source.labelsPath {
            return try Self.table(features, labels: Self.array(DataFile.open(labelsPath), limits))
        }
        return try Self.table(features, labelColumn: source.labelColumn ?? .last, path: source.path)
    }

    /// The array that starts at the reader's position and ends with it.
    static func array(_ reader: any ByteReader, _ limits: DatasetLimits) throws -> BinaryArray {
        let header = try NPYHeader(reader)
        return try BinaryArray(
            type: header.type, shape: header.shape, isFortranOrder: header.isFortranOrder, reader: reader,
            limits: limits)
    }

    /// Features and labels that lie apart.
    static func table(_ features: BinaryArray, labels: BinaryArray) throws -> Table {
        guard features.rows == labels.rows else {
            throw DatasetError(
                .malformed,
                "\(features.reader.name): there are \(features.rows) samples, but \(labels.rows) labels in "
                    + "\(labels.reader.name); they must be as many")
        }
        guard features.columns > 0 else {
            throw DatasetError(
                .malformed, "\(features.reader.name): samples of shape \(features.shape) have no features")
        }
        return Table(
            features: try features.features(), labels: try labels.labels(), featureCount: features.columns)
    }

    /// A matrix with the label in one column.
    static func table(_ matrix: BinaryArray, labelColumn: LabelColumn, path: String) throws -> Table {
        guard matrix.shape.count == 2, matrix.columns >= 2 else {
            throw DatasetError(
                .malformed,
                "\(path): an array of shape \(matrix.shape) is no table with a feature and a label for each sample; name "
                    + "the file of labels with 'labelsPath'")
        }
        let label: Int
        do { label = try labelColumn.position(header: nil, count: matrix.columns) } catch {
            throw DatasetError(.invalidSettings, "\(path): \(error.message)")
        }
        var values = try matrix.features()
        let width = matrix.columns
        var labels: [Int32] = []
        labels.reserveCapacity(matrix.rows)
        var kept = 0
        for row in 0..<matrix.rows {
            let value = values[row * width + label]
            guard value >= 0, value < Float(DatasetLimits.maximumClasses), value == value.rounded() else {
                throw DatasetError(
                    .invalidLabel,
                    "\(path): sample \(row) (counted from 0) has the label \(value) in column \(label); labels are whole "
                        + "numbers from 0; if another column holds them, set 'labelColumn'")
            }
            labels.append(Int32(value))
            // Closes the gap in place, so that there is no second copy of the data.
            for column in 0..<width where column != label {
                values[kept] = values[row * width + column]
                kept += 1
            }
        }
        values.removeLast(values.count - kept)
        return Table(features: values, labels: labels, featureCount: width - 1)
    }
}
