/// The values that the documents of this module are made of.
extension JSONCursor {
    mutating func positives() throws(PlacementError) -> [Double] {
        var values: [Double] = []
        try array { (_, cursor) throws(PlacementError) in values.append(try cursor.positive()) }
        return values
    }

    /// Numbers of at least zero.
    mutating func amounts() throws(PlacementError) -> [Double] {
        var values: [Double] = []
        try array { (_, cursor) throws(PlacementError) in values.append(try cursor.number(atLeast: 0)) }
        return values
    }

    /// Numbers that are zero or at least `least`.
    mutating func rates() throws(PlacementError) -> [Double] {
        var values: [Double] = []
        try array { (_, cursor) throws(PlacementError) in
            let value = try cursor.number(atLeast: 0)
            guard value == 0 || value >= Self.least else {
                throw cursor.invalid("\(value) is given where 0 or at least \(Self.least) is needed; correct it")
            }
            values.append(value)
        }
        return values
    }

    mutating func indices(below limit: Int, of what: String) throws(PlacementError) -> [Int] {
        var values: [Int] = []
        try array { (_, cursor) throws(PlacementError) in values.append(try cursor.index(below: limit, of: what)) }
        return values
    }

    /// The word of an enumeration.
    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ type: Word.Type
    ) throws(PlacementError) -> Word where Word.RawValue == String {
        let text = try string()
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw invalid("'\(text)' is given; it is one of \(known)")
        }
        return word
    }

    /// `[cpus, memory, gpus]`.
    mutating func resources() throws(PlacementError) -> Resources {
        var values = Resources()
        var count = 0
        try array { (index, cursor) throws(PlacementError) in
            let value = try cursor.number(atLeast: 0)
            switch index {
            case 0: values.cpus = value
            case 1: values.memory = value
            default: values.gpus = value
            }
            count += 1
        }
        guard count == 3 else { throw malformed("\(count) numbers are given; it is [cpu, mem, gpu]") }
        return values
    }

    /// The resources of every node's domains, one after the other, and where each node's start.
    mutating func domains() throws(PlacementError) -> ([Resources], [Int]) {
        var domains: [Resources] = []
        var start = [0]
        try array { (_, cursor) throws(PlacementError) in
            try cursor.array { (_, cursor) throws(PlacementError) in domains.append(try cursor.resources()) }
            guard domains.count > start[start.count - 1] else { throw cursor.invalid("a node has one domain at least") }
            start.append(domains.count)
        }
        return (domains, start)
    }

    /// `[node, samples]`.
    mutating func shard(nodes: Int) throws(PlacementError) -> BatchJob.Shard {
        var shard = BatchJob.Shard(node: 0, samples: 0)
        var count = 0
        try array { (index, cursor) throws(PlacementError) in
            if index == 0 {
                shard.node = try cursor.index(below: nodes, of: "nodes")
            } else {
                shard.samples = try cursor.number(atLeast: 0)
            }
            count += 1
        }
        guard count == 2 else { throw malformed("\(count) numbers are given; it is [node, samples]") }
        return shard
    }
}
