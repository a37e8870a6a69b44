/// Which column of a table holds the label: `last`, `first`, a number counted from 0, or a name in the header.
public enum LabelColumn: Sendable, Hashable {
    case last
    case index(Int)
    case name(String)
}

extension LabelColumn: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // `try?`: a value that is no whole number is read as a word.
        if let index = try? container.decode(Int.self) {
            guard index >= 0 else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "a label column is counted from 0; for the last one write 'last'")
            }
            self = .index(index)
            return
        }
        switch try container.decode(String.self) {
        case "last": self = .last
        case "first": self = .index(0)
        case let name: self = .name(name)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .last: try container.encode("last")
        case .index(let index): try container.encode(index)
        case .name(let name): try container.encode(name)
        }
    }

    /// The position among `count` columns.
    /// - Throws: a sentence that says why there is none, for the caller to put the file's name before.
    func position(header: [String]?, count: Int) throws(LabelColumnProblem) -> Int {
        switch self {
        case .last: return count - 1
        case .index(let index):
            guard index < count else {
                throw LabelColumnProblem(
                    "labelColumn is \(index), but there are \(count) columns (0 to \(count - 1))")
            }
            return index
        case .name(let name):
            guard let header else {
                throw LabelColumnProblem(
                    "labelColumn is '\(name)', but there is no header row to find it in; give the column's number, "
                        + "counted from 0")
            }
            guard let index = header.firstIndex(of: name) else {
                let names = header.prefix(12).joined(separator: ", ")
                throw LabelColumnProblem(
                    "there is no column '\(name)'; the header names \(names)\(header.count > 12 ? ", …" : "")")
            }
            return index
        }
    }
}

/// Why a table has no such label column.
struct LabelColumnProblem: Error {
    let message: String

    init(_ message: String) { self.message = message }
}
