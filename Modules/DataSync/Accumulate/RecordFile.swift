import Contracts

/// The names of the files that records have in a version.
enum RecordFile {
    /// Where they lie.
    static let directory = "records/"

    /// `records/00000001.jsonl` and so on, in the order in which they were appended.
    static func path(_ number: Int, _ format: RecordFormat) -> String {
        let digits = String(number)
        return "\(directory)\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).\(format.suffix)"
    }

    /// The number of the next file behind those of a version.
    static func next(after paths: some Sequence<String>) -> Int {
        paths.reduce(0) { highest, path in
            guard path.hasPrefix(directory) else { return highest }
            return max(highest, Int(path.dropFirst(directory.count).prefix { $0 != "." }) ?? 0)
        } + 1
    }
}
