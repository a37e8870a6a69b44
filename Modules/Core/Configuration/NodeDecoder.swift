/// The standard library's view on one node of the tree.
final class NodeDecoder: Decoder {
    let node: SourceNode
    let codingPath: [any CodingKey]
    let session: DecodingSession
    private let use: MappingUse?

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(node: SourceNode, codingPath: [any CodingKey], session: DecodingSession) {
        self.node = node
        self.codingPath = codingPath
        self.session = session
        if case .mapping(let entries) = node.content {
            let use = MappingUse(entries: entries, location: node.location, path: codingPath)
            session.register(use)
            self.use = use
        } else {
            use = nil
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let use else { throw DecodingFailure.mismatch("a group of fields", node, codingPath) }
        use.accept { Key(stringValue: $0) != nil }
        return KeyedDecodingContainer(NodeKeyedContainer(use: use, session: session, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        switch node.content {
        case .sequence(let items): return NodeUnkeyedContainer(decoder: self, items: items)
        case .scalar(let scalar) where scalar.style == .untyped:
            let items = scalar.text.split(separator: ",").map { part in
                SourceNode(.scalar(SourceScalar(trimmed(part), style: .untyped)), at: node.location)
            }
            return NodeUnkeyedContainer(decoder: self, items: items)
        default: throw DecodingFailure.mismatch("a list", node, codingPath)
        }
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        use?.isDelegated = true
        return NodeSingleValueContainer(decoder: self)
    }

    private func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0 == " " }
        return String(start.reversed().drop { $0 == " " }.reversed())
    }
}
