/// What one run of `StrictDecoder` knows: which fields were asked for in which mapping.
final class DecodingSession {
    /// Unknown fields that one message names.
    private static let maximumTold = 20

    private var uses: [MappingUse] = []

    func decode<Value: Decodable>(_ type: Value.Type, from node: SourceNode, at path: [any CodingKey]) throws -> Value {
        if type == Duration.self, let value = try DurationText.decode(node, at: path) as? Value { return value }
        let mark = uses.count
        do {
            return try Value(from: NodeDecoder(node: node, codingPath: path, session: self))
        } catch {
            // An attempt that failed may be followed by another one, which asks for other fields.
            uses.removeSubrange(mark...)
            throw located(error, type: type, node: node, path: path)
        }
    }

    func register(_ use: MappingUse) { uses.append(use) }

    /// What to say of the fields that no type asked for, in the document's order; `nil` when there are none.
    func unknownFields() -> ConfigurationError? {
        let errors = uses.filter { !$0.isDelegated }.flatMap(\.unknown).sorted { left, right in
            let (a, b) = (left.location, right.location)
            return (a?.line ?? 0, a?.column ?? 0) < (b?.line ?? 0, b?.column ?? 0)
        }
        guard let first = errors.first, errors.count > 1 else { return errors.first }
        let told = errors.prefix(Self.maximumTold).map(\.message)
        let rest = errors.count > told.count ? ["and \(errors.count - told.count) more"] : []
        return ConfigurationError(code: first.code, at: first.location, message: (told + rest).joined(separator: "; "))
    }

    /// `error` as a `DecodingError` that carries a `ConfigurationError` about `node`, unless it does already.
    private func located(
        _ error: any Error, type: any Decodable.Type, node: SourceNode, path: [any CodingKey]
    ) -> any Error {
        if DecodingFailure.carried(by: error) != nil { return error }
        if case DecodingError.dataCorrupted = error, let allowed = Self.allowedValues(type), let text = node.text {
            let hint = NearestName.suggestion(for: text, among: allowed).map { "; did you mean '\($0)'?" } ?? ""
            return DecodingFailure.make(
                "\(DecodingFailure.name(path)) is '\(text.prefix(60))', but must be one of "
                    + allowed.joined(separator: ", ") + hint, node, path)
        }
        return DecodingFailure.wrap(configurationError(error, node: node, path: path), path)
    }

    /// Any error thrown by a type's own `init(from:)`, as one about `node`.
    func configurationError(_ error: any Error, node: SourceNode, path: [any CodingKey]) -> ConfigurationError {
        if let carried = DecodingFailure.carried(by: error) { return carried }
        var (node, path) = (node, path)
        if let deeper = Self.codingPath(of: error) {
            for key in deeper.dropFirst(path.count) {
                guard let child = key.intValue.flatMap({ node.element($0) }) ?? node[key.stringValue] else { break }
                node = child
                path.append(key)
            }
        }
        let problem: String
        switch error {
        case DecodingError.dataCorrupted(let context):
            problem = (context.underlyingError as? any ModuleError)?.message ?? context.debugDescription
        case DecodingError.keyNotFound(let key, _): problem = "missing field '\(key.stringValue)'"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            problem = context.debugDescription
        case let error as any ModuleError: problem = error.message
        default: problem = String(describing: error)
        }
        return ConfigurationError(
            code: "invalid-value", at: node.location, "\(DecodingFailure.name(path)): \(problem)")
    }

    private static func codingPath(of error: any Error) -> [any CodingKey]? {
        switch error {
        case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context):
            context.codingPath
        default: nil
        }
    }

    /// The raw values of an enumeration of texts.
    private static func allowedValues(_ type: any Decodable.Type) -> [String]? {
        guard let type = type as? any CaseIterable.Type else { return nil }
        let values = rawTexts(type)
        return values.isEmpty ? nil : values
    }

    private static func rawTexts<Enumeration: CaseIterable>(_ type: Enumeration.Type) -> [String] {
        type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
    }
}

/// The fields of one mapping as one value saw them.
final class MappingUse {
    let entries: [SourceEntry]
    let location: SourceLocation
    let path: [any CodingKey]
    private let index: [String: Int]
    private(set) var asked: Set<String> = []
    /// Whether another decoder looks at the same mapping on behalf of this one.
    var isDelegated = false
    /// One per kind of key: whether it can express a name.
    private var acceptors: [(String) -> Bool] = []

    init(entries: [SourceEntry], location: SourceLocation, path: [any CodingKey]) {
        self.entries = entries
        self.location = location
        self.path = path
        index = Dictionary(entries.enumerated().map { ($1.key, $0) }) { first, _ in first }
    }

    func accept(_ acceptor: @escaping (String) -> Bool) { acceptors.append(acceptor) }

    /// The value of `key`; remembers that it was asked for.
    func value(_ key: String) -> SourceNode? {
        asked.insert(key)
        return index[key].map { entries[$0].value }
    }

    /// What to say when `key` is asked for and not there: that it is missing, or that it is misspelt.
    func missing(_ key: String) -> ConfigurationError {
        let strangers = entries.filter { entry in !acceptors.contains { $0(entry.key) } }
        if let misspelt = strangers.first(where: { NearestName.suggestion(for: $0.key, among: [key]) != nil }) {
            return unknown(misspelt)
        }
        if let stranger = strangers.first { return unknown(stranger) }
        return ConfigurationError(
            code: "missing-field", at: location, "missing field '\(key)'\(DecodingFailure.place(path))")
    }

    /// An error for each field that was not asked for.
    var unknown: [ConfigurationError] { entries.filter { !asked.contains($0.key) }.map(unknown) }

    func unknown(_ entry: SourceEntry) -> ConfigurationError {
        let name = String(entry.key.prefix(80))
        return ConfigurationError(
            code: "unknown-field", at: entry.location,
            "unknown field '\(name)'\(DecodingFailure.place(path))"
                + NearestName.hint(for: entry.key, among: asked, noun: "fields"))
    }
}
