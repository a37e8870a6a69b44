import Contracts
import Core
import YAMLKit

/// One document of a file that is applied: which kind it is and where it stands, and otherwise as the user wrote it.
struct ResourceDocument: Sendable {
    let kind: ResourceKind
    let name: String?
    let text: String
    let source: String
    /// The line of `source` on which `text` starts, counted from 1.
    let firstLine: Int

    /// The most bytes of one file that are read.
    static let limit = 4 << 20

    var place: String { "\(source):\(firstLine)" }

    func request(isDryRun: Bool) -> ApplyRequest {
        ApplyRequest(text: text, source: source, firstLine: firstLine, isDryRun: isDryRun)
    }

    /// Every document of `files`, in order; `-` is standard input.
    /// - Throws: when a file cannot be read or holds no document, or a document is not of a kind that users write, or the
    ///   same resource is described twice.
    static func read(_ files: [String], host: any Host) throws -> [ResourceDocument] {
        var documents: [ResourceDocument] = []
        for file in files {
            let source = file == "-" ? "standard input" : file
            let text =
                try file == "-"
                ? YAML.text(host.standardInput(limit: limit), source: source) : YAML.text(ofFile: file)
            let found = try YAML.documents(text, source: source).map { try ResourceDocument($0, source: source) }
            if found.isEmpty { throw CommandError.failed("\(source) holds no document") }
            documents += found
        }
        for (index, document) in documents.enumerated() {
            let earlier = documents[..<index].first { $0.kind == document.kind && $0.name == document.name }
            if let earlier, let name = document.name {
                throw CommandError.failed(
                    "\(document.place): \(document.kind.word)/\(name) is described twice; first at \(earlier.place)")
            }
        }
        return documents
    }

    private init(_ document: YAMLDocument, source: String) throws {
        let root = document.root
        let place = root.location
        guard case .mapping = root.content else {
            throw CommandError.failed("\(place): a resource is a group of fields that starts with 'kind:'")
        }
        guard let node = root["kind"] else {
            throw CommandError.failed(
                "\(place): missing field 'kind'; it is one of \(Self.kinds.joined(separator: ", "))")
        }
        guard let word = node.text, let kind = ResourceKind(rawValue: word) else {
            let word = String((node.text ?? "").prefix(80))
            throw CommandError.failed(
                "\(node.location): unknown kind '\(word)'\(Suggestion.question(word, among: Self.kinds)); "
                    + "it is one of \(Self.kinds.joined(separator: ", "))")
        }
        guard kind.isUserWritten else {
            throw CommandError.failed("\(node.location): the platform alone makes a resource of the kind \(word)")
        }
        self.kind = kind
        name = root["metadata"]?["name"]?.text
        text = document.text
        self.source = source
        firstLine = document.firstLine
    }

    private static let kinds = ResourceKind.allCases.filter(\.isUserWritten).map(\.rawValue)
}
