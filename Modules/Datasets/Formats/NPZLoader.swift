/// Reads features and labels from a NumPy archive.
struct NPZLoader {
    let source: DatasetSource
    let limits: DatasetLimits

    private static let featureKeys = ["features", "x", "X", "data", "images", "x_train"]
    private static let labelKeys = ["labels", "y", "Y", "target", "label", "y_train"]

    func load() throws -> Table {
        // Two readers of one file, so that both arrays can be open at once.
        let features = try array(source.featuresKey, guesses: Self.featureKeys, setting: "featuresKey")
        let labels = try array(source.labelsKey, guesses: Self.labelKeys, setting: "labelsKey")
        return try NPYLoader.table(features, labels: labels)
    }

    private func array(_ key: String?, guesses: [String], setting: String) throws -> BinaryArray {
        let archive = try ZipArchive(FileReader(path: source.path))
        let names = Dictionary(
            archive.members.map { ($0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : $0.name, $0) },
            uniquingKeysWith: { first, _ in first })
        let found = key.map { [$0] } ?? guesses.filter { names[$0] != nil }
        guard found.count == 1, let member = names[found[0]] else {
            let present = names.keys.sorted().prefix(20).joined(separator: ", ")
            let problem =
                found.count > 1
                ? "several arrays could be meant (\(found.joined(separator: ", ")))"
                : key.map { "there is no array '\($0)'" }
                    ?? "no array has one of the usual names (\(guesses.joined(separator: ", ")))"
            throw DatasetError(
                .invalidSettings, "\(source.path): \(problem); set '\(setting)' to one of: \(present)")
        }
        return try NPYLoader.array(archive.open(member), limits)
    }
}
