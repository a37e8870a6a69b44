import Core

/// Composes trees from libyaml's events, within limits.
struct DocumentReader {
    /// A node with what it costs.
    private struct Composed {
        var node: SourceNode
        /// Nodes in it, counting aliases in full.
        var weight: Int
        /// Levels of collections in it.
        var height: Int
    }

    private let text: String
    private let firstLine: Int
    private let limits: YAMLLimits
    private let parser: EventParser
    private var anchors: [String: Composed] = [:]
    private var weight = 0

    init(_ text: String, source: String, firstLine: Int, limits: YAMLLimits) throws(YAMLError) {
        self.text = text
        self.firstLine = firstLine
        self.limits = limits
        parser = try EventParser(text, source: source, lineOffset: firstLine - 1)
    }

    consuming func documents() throws(YAMLError) -> [YAMLDocument] {
        var reader = self
        var roots: [(mark: EventParser.Mark, root: SourceNode)] = []
        while true {
            let (event, mark) = try reader.parser.next()
            switch event {
            case .documentStart:
                reader.anchors = [:]
                let (event, rootMark) = try reader.parser.next()
                roots.append((mark, try reader.compose(event, rootMark, depth: 0).node))
            case .streamEnd: return reader.cut(roots)
            default: continue
            }
        }
    }

    /// Gives each document the lines it stands on.
    private func cut(_ roots: [(mark: EventParser.Mark, root: SourceNode)]) -> [YAMLDocument] {
        let scalars = text.unicodeScalars
        var starts: [String.Index] = []
        var (index, offset) = (scalars.startIndex, 0)
        for (mark, _) in roots {
            // From the start of the line, so that the indentation of a first field is kept.
            let start = mark.index - mark.column
            index = scalars.index(index, offsetBy: start - offset)
            offset = start
            starts.append(index)
        }
        starts.append(scalars.endIndex)
        return roots.enumerated().filter { !$1.root.isNull }.map { position, entry in
            YAMLDocument(
                text: String(text[starts[position]..<starts[position + 1]]), firstLine: firstLine + entry.mark.line,
                root: entry.root)
        }
    }

    private mutating func compose(
        _ event: EventParser.Event, _ mark: EventParser.Mark, depth: Int
    ) throws(YAMLError) -> Composed {
        let location = parser.location(mark)
        switch event {
        case .scalar(let text, let tag, let anchor, let isPlain):
            let scalar = try resolve(text, tag: tag, isPlain: isPlain, at: location)
            let composed = Composed(
                node: SourceNode(.scalar(scalar), at: location), weight: 1 + text.utf8.count / 64, height: 0)
            return try finish(composed, cost: composed.weight, anchor: anchor)
        case .alias(let name):
            guard let known = anchors[name] else {
                throw YAMLError(
                    code: "syntax", at: location, "no anchor '&\(name.prefix(80))' stands before this alias")
            }
            if depth + known.height > limits.depth { throw tooDeep(location) }
            return try finish(known, cost: known.weight, anchor: nil)
        case .sequenceStart(let tag, let anchor):
            try check(collectionTag: tag, "tag:yaml.org,2002:seq", at: location)
            return try finish(try sequence(at: location, depth: depth + 1), cost: 1, anchor: anchor)
        case .mappingStart(let tag, let anchor):
            try check(collectionTag: tag, "tag:yaml.org,2002:map", at: location)
            return try finish(try mapping(at: location, depth: depth + 1), cost: 1, anchor: anchor)
        default: throw YAMLError(code: "syntax", at: location, "expected a value")
        }
    }

    private mutating func sequence(at location: SourceLocation, depth: Int) throws(YAMLError) -> Composed {
        if depth > limits.depth { throw tooDeep(location) }
        var items: [SourceNode] = []
        var (weight, height) = (1, 1)
        while true {
            let (event, mark) = try parser.next()
            if case .sequenceEnd = event { break }
            let item = try compose(event, mark, depth: depth)
            items.append(item.node)
            weight += item.weight
            height = max(height, item.height + 1)
        }
        return Composed(node: SourceNode(.sequence(items), at: location), weight: weight, height: height)
    }

    private mutating func mapping(at location: SourceLocation, depth: Int) throws(YAMLError) -> Composed {
        if depth > limits.depth { throw tooDeep(location) }
        var entries: [SourceEntry] = []
        var lines: [String: Int?] = [:]
        var (weight, height) = (1, 1)
        while true {
            let (event, mark) = try parser.next()
            if case .mappingEnd = event { break }
            let place = parser.location(mark)
            let key = try key(event, at: place)
            if let line = lines.updateValue(place.line, forKey: key) {
                throw YAMLError(
                    code: "duplicate-field", at: place,
                    "the field '\(key.prefix(80))' is there already, in line \(line ?? 0)")
            }
            let (valueEvent, valueMark) = try parser.next()
            let value = try compose(valueEvent, valueMark, depth: depth)
            entries.append(SourceEntry(key: key, at: place, value: value.node))
            weight += value.weight + key.utf8.count / 64
            height = max(height, value.height + 1)
        }
        return Composed(node: SourceNode(.mapping(entries), at: location), weight: weight, height: height)
    }

    /// The name of a field.
    private func key(_ event: EventParser.Event, at location: SourceLocation) throws(YAMLError) -> String {
        guard case .scalar(let text, let tag, let anchor, let isPlain) = event else {
            throw YAMLError(code: "unsupported", at: location, "the name of a field must be text")
        }
        _ = try resolve(text, tag: tag, isPlain: isPlain, at: location)
        if anchor != nil {
            throw YAMLError(code: "unsupported", at: location, "the name of a field cannot have an anchor")
        }
        if isPlain, text.isEmpty { throw YAMLError(code: "syntax", at: location, "a field without a name") }
        if isPlain, text == "<<" {
            throw YAMLError(
                code: "unsupported", at: location, "merge keys ('<<') are not supported; write the fields out")
        }
        return text
    }

    /// Accounts for a node and remembers it under its anchor.
    /// - Parameter cost: what it adds to what was counted already: an alias its whole weight, a collection, whose members
    ///   were counted as they came, one.
    private mutating func finish(_ composed: Composed, cost: Int, anchor: String?) throws(YAMLError) -> Composed {
        weight += cost
        if weight > limits.nodes {
            throw YAMLError(
                code: "too-large", at: composed.node.location,
                "the document has more than \(limits.nodes) values, counting what its aliases stand for")
        }
        if let anchor { anchors[anchor] = composed }
        return composed
    }

    private func tooDeep(_ location: SourceLocation) -> YAMLError {
        YAMLError(code: "too-large", at: location, "more than \(limits.depth) levels of nesting")
    }

    private func check(collectionTag tag: String?, _ expected: String, at location: SourceLocation) throws(YAMLError) {
        if let tag, tag != "!", tag != expected { throw unsupported(tag, at: location) }
    }

    private func unsupported(_ tag: String, at location: SourceLocation) -> YAMLError {
        YAMLError(code: "unsupported", at: location, "the tag '\(tag.prefix(80))' is not supported here; leave it out")
    }

    /// A scalar with the type that its tag, its quotes or its form give it.
    private func resolve(
        _ text: String, tag: String?, isPlain: Bool, at location: SourceLocation
    ) throws(YAMLError) -> SourceScalar {
        if text.utf8.contains(0) {
            throw YAMLError(code: "unsupported", at: location, "a text cannot hold the character NUL")
        }
        guard let tag else { return SourceScalar(text, style: isPlain ? .plain : .quoted) }
        if tag == "!" || tag == "tag:yaml.org,2002:str" { return SourceScalar(text, style: .quoted) }
        let matches: Bool =
            switch (tag, SourceScalar.resolve(text)) {
            case ("tag:yaml.org,2002:null", .null), ("tag:yaml.org,2002:bool", .bool),
                ("tag:yaml.org,2002:int", .integer), ("tag:yaml.org,2002:float", .float),
                ("tag:yaml.org,2002:float", .integer):
                true
            default: false
            }
        guard matches else { throw unsupported(tag, at: location) }
        return SourceScalar(text, style: .plain)
    }
}
