import Datasets

/// `gedge data`: labelled data files of this machine, for which no core is needed, and data sets that the core keeps.
enum DataCommand {
    /// The flags that say how a data file is read.
    static let sourceFlags = [
        Flag(
            "input-format", .choice(DataFormat.allCases.map(\.rawValue), placeholder: "FORMAT"),
            "csv, npy, npz, idx or cifar10 (default: by the file's name)"),
        Flag("labels", .file, "the file of labels, where the format keeps them apart (idx, npy)"),
        Flag(
            "label-column", .text(placeholder: "COLUMN"),
            "the column of the label: last, first, a number from 0, or a name (csv, npy)"),
        Flag("classes", .integer, "how many classes there are (default: one more than the largest label)"),
    ]

    static func source(_ path: String, _ invocation: Invocation) throws -> DatasetSource {
        var source = DatasetSource(path: path)
        source.format = invocation.text("input-format").flatMap { DataFormat(rawValue: $0.lowercased()) }
        source.labelsPath = invocation.text("labels")
        source.classes = try invocation.integer("classes", in: 1...(1 << 20))
        switch invocation.text("label-column") {
        case nil: break
        case "last": source.labelColumn = .last
        case "first": source.labelColumn = .index(0)
        case let word?: source.labelColumn = Int(word).map { .index($0) } ?? .name(word)
        }
        return source
    }

    /// How many samples of each class there are, a line for each of `parts`; past 16 classes only how many occur.
    static func table(_ parts: [(name: String, data: LabelledData)]) -> Table {
        let classes = parts.map(\.data.classCount).max() ?? 0
        if classes <= 16 {
            return Table(
                columns: ["file", "samples"] + (0..<classes).map { "class \($0)" },
                rows: parts.map { part in
                    let counts = part.data.countsByClass.map(String.init)
                    return [part.name, String(part.data.count)] + counts
                        + [String](repeating: "0", count: classes - counts.count)
                })
        }
        return Table(
            columns: ["file", "samples", "classes", "largest class"],
            rows: parts.map { part in
                let counts = part.data.countsByClass
                let largest = counts.indices.max { (counts[$0], $1) < (counts[$1], $0) } ?? 0
                return [
                    part.name, String(part.data.count), String(counts.count { $0 > 0 }),
                    "\(largest): \(counts[largest])",
                ]
            })
    }
}
