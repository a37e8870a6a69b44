extension BatchJob {
    /// One job of a `placebench/1` document, with the cursor on it; the nodes and edges that it names are those of `problem`.
    init(_ cursor: inout JSONCursor, index: Int, in problem: BatchProblem) throws(PlacementError) {
        self.init()
        var found: Set<String> = []
        try cursor.object { (key, cursor) throws(PlacementError) in
            found.insert(key)
            switch key {
            case "id":
                let id = try cursor.number()
                guard id == Double(index) else {
                    throw cursor.invalid("\(id) is given to job \(index); a job's id is its place in the array")
                }
            case "type": kind = try cursor.word(Kind.self)
            case "agg": aggregation = try cursor.word(Aggregation.self)
            case "k": workers = try cursor.integer(in: 1...10_000)
            case "w": weight = try cursor.number(atLeast: 0)
            case "req": request = try cursor.resources()
            case "numa": needsOneDomain = try cursor.word(DomainPolicy.self) == .single
            case "pen": spanPenalty = try cursor.positive()
            case "prof":
                try cursor.array { (_, cursor) throws(PlacementError) in
                    secondsPerSample.append(cursor.null() ? nil : try cursor.number(atLeast: 0))
                }
                guard secondsPerSample.count == problem.hardware.count else {
                    throw cursor.malformed(
                        "\(secondsPerSample.count) entries are given and 'hw' has \(problem.hardware.count)")
                }
            case "rounds": rounds = try cursor.number(atLeast: 1)
            case "down": downloadSize = try cursor.number(atLeast: 0)
            case "up": uploadSize = try cursor.number(atLeast: 0)
            case "wm": modelOverhead = try cursor.number(atLeast: 0)
            case "wd": dataOverhead = try cursor.number(atLeast: 0)
            case "setup": setup = try cursor.number(atLeast: 0)
            case "agg_s": aggregationTime = try cursor.number(atLeast: 0)
            case "defer": deferral = try cursor.number(atLeast: 0)
            case "smb": sampleSize = try cursor.number(atLeast: 0)
            case "shards":
                try cursor.array { (_, cursor) throws(PlacementError) in
                    shards.append(try cursor.shard(nodes: problem.nodeCount))
                }
            case "scope": scope = try cursor.indices(below: problem.edgeCount, of: "edges")
            case "samples": samples = try cursor.number(atLeast: 0)
            case "cover": coverage = try cursor.number(atLeast: 0)
            default: try cursor.skip()
            }
        }
        try BatchProblemReader.require(
            [
                "id", "type", "agg", "k", "w", "req", "numa", "pen", "prof", "rounds", "down", "up", "wm", "wd",
                "setup",
                "agg_s", "defer", "smb", "shards", "scope", "samples", "cover",
            ], found, cursor)
        guard kind.hasRounds || workers == 1 else {
            throw cursor.invalid("k is \(workers); a \(kind.rawValue) job has one worker")
        }
        guard Set(scope).count == scope.count else { throw cursor.invalid("an edge stands twice in 'scope'") }
        guard kind != .federated || Set(shards.map(\.node)).count == shards.count else {
            throw cursor.invalid("a node stands twice in 'shards'; add its samples up")
        }
    }

    private enum DomainPolicy: String, CaseIterable { case single, any }
}
