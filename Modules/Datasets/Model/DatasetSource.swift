/// Where labelled data lies and how it is read: what a daemon's configuration says about a data set.
///
/// ```yaml
/// path: data/digits.csv
/// scale: 1/16
/// classes: 10
/// ```
public struct DatasetSource: Codable, Sendable, Hashable {
    /// The file (or the folder of CIFAR-10 batches); `.gz` is unpacked on the way, save for `.npz`.
    public var path: String
    /// Inferred from the file's name when left out.
    public var format: DataFormat?
    /// The file of labels, for formats that keep them apart: IDX (inferred from the images' name when left out) and NPY.
    public var labelsPath: String?
    /// The column with the label, for CSV and for NPY without `labelsPath`. Default: the last.
    public var labelColumn: LabelColumn?
    /// CSV: whether the first row names the columns. Default: when none of its fields is a number.
    public var header: Bool?
    /// CSV: the character between fields. Default: a comma, or a tab in a file that ends in `.tsv`.
    public var delimiter: String?
    /// NPZ: the array of features. Default: the only one of `features`, `x`, `X`, `data`, `images`, `x_train`.
    public var featuresKey: String?
    /// NPZ: the array of labels. Default: the only one of `labels`, `y`, `Y`, `target`, `label`, `y_train`.
    public var labelsKey: String?
    /// How features are scaled. Default: not at all.
    public var scale: Scaling?
    /// How many classes there are. Default: one more than the largest label.
    public var classes: Int?

    public init(
        path: String, format: DataFormat? = nil, labelsPath: String? = nil, labelColumn: LabelColumn? = nil,
        header: Bool? = nil, delimiter: String? = nil, featuresKey: String? = nil, labelsKey: String? = nil,
        scale: Scaling? = nil, classes: Int? = nil
    ) {
        self.path = path
        self.format = format
        self.labelsPath = labelsPath
        self.labelColumn = labelColumn
        self.header = header
        self.delimiter = delimiter
        self.featuresKey = featuresKey
        self.labelsKey = labelsKey
        self.scale = scale
        self.classes = classes
    }

    /// The same source with relative paths taken from `directory`, such as that of the configuration file.
    public func relative(to directory: String) -> DatasetSource {
        func resolve(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }
        var source = self
        source.path = resolve(path)
        source.labelsPath = labelsPath.map(resolve)
        return source
    }

    /// Reads the data, whole and checked, on the calling thread.
    ///
    /// Memory stays near the size of the result; a damaged or hostile file ends in an error, whatever it holds.
    /// - Throws: `DatasetError` that names the file, the place in it and the remedy.
    public func load(limits: DatasetLimits = DatasetLimits()) throws -> LabelledData {
        guard let format = format ?? DataFormat.inferred(from: path) else {
            throw DatasetError(
                .invalidSettings,
                "\(path): the name does not tell the format; set 'format' to one of "
                    + DataFormat.allCases.map(\.rawValue).joined(separator: ", "))
        }
        try checkSettings(for: format)
        var table: Table
        switch format {
        case .csv: table = try CSVLoader(source: self, limits: limits).load()
        case .npy: table = try NPYLoader(source: self, limits: limits).load()
        case .npz: table = try NPZLoader(source: self, limits: limits).load()
        case .idx: table = try IDXLoader(source: self, limits: limits).load()
        case .cifar10: table = try CIFAR10Loader(source: self, limits: limits).load()
        }
        if let scale {
            scale.apply(to: &table.features, columns: table.featureCount)
            if let index = table.features.firstIndex(where: { !$0.isFinite }) {
                throw DatasetError(
                    .invalidSettings,
                    "\(path): sample \(index / table.featureCount), feature \(index % table.featureCount) is out of "
                        + "float32's range after scaling; use another 'scale'")
            }
        }
        return try labelled(table)
    }

    private func labelled(_ table: Table) throws(DatasetError) -> LabelledData {
        guard table.labels.count > 0 else {
            throw DatasetError(.malformed, "\(path): there are no samples in it")
        }
        let largest = Int(table.labels.max() ?? 0)
        let classes = classes ?? (largest + 1)
        guard classes > 0, classes <= DatasetLimits.maximumClasses else {
            throw DatasetError(
                .invalidSettings,
                "\(path): \(classes) classes are not between 1 and \(DatasetLimits.maximumClasses); if the label column "
                    + "holds other numbers than classes, set 'labelColumn'")
        }
        guard largest < classes else {
            let row = table.labels.firstIndex(of: Int32(largest)) ?? 0
            throw DatasetError(
                .invalidLabel,
                "\(path): sample \(row) (counted from 0) has label \(largest), but with 'classes' \(classes) labels run "
                    + "from 0 to \(classes - 1)")
        }
        return LabelledData(checked: table.features, table.labels, table.featureCount, classes)
    }

    /// Refuses settings that the format has no use for: they would be ignored silently.
    private func checkSettings(for format: DataFormat) throws(DatasetError) {
        func refuse(_ name: String, _ isSet: Bool, unless formats: DataFormat...) throws(DatasetError) {
            guard isSet, !formats.contains(format) else { return }
            throw DatasetError(
                .invalidSettings, "\(path): '\(name)' means nothing for format '\(format.rawValue)'; remove it")
        }
        try refuse("labelsPath", labelsPath != nil, unless: .idx, .npy)
        try refuse("labelColumn", labelColumn != nil, unless: .csv, .npy)
        try refuse("header", header != nil, unless: .csv)
        try refuse("delimiter", delimiter != nil, unless: .csv)
        try refuse("featuresKey", featuresKey != nil, unless: .npz)
        try refuse("labelsKey", labelsKey != nil, unless: .npz)
        if labelsPath != nil, labelColumn != nil {
            throw DatasetError(
                .invalidSettings, "\(path): 'labelsPath' and 'labelColumn' both say where the labels are; keep one")
        }
    }
}
