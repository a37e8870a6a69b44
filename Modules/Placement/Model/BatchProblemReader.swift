/// Reads one `placebench/1` document and checks it on the way.
struct BatchProblemReader {
    var problem = BatchProblem()
    private var found: Set<String> = []
    private var used: [Resources] = []
    private var usedStart: [Int] = [0]
    private var hasNodes = false

    mutating func read(_ cursor: inout JSONCursor) throws(PlacementError) {
        var later: [(key: String, cursor: JSONCursor)] = []
        try cursor.object { (key, cursor) throws(PlacementError) in
            found.insert(key)
            switch key {
            case "format":
                let format = try cursor.string()
                guard format == "placebench/1" else {
                    throw cursor.malformed("'\(format)' is given; this program reads placebench/1")
                }
            case "name": problem.name = try cursor.string()
            case "hw":
                try cursor.array { (_, cursor) throws(PlacementError) in
                    problem.hardware.append(try cursor.string())
                }
            case "edges": try readEdges(&cursor)
            case "nodes" where found.isSuperset(of: ["edges", "hw"]): try readNodes(&cursor)
            case "jobs" where hasNodes: try readJobs(&cursor)
            case "nodes", "jobs":
                later.append((key, cursor))
                try cursor.skip()
            default: try cursor.skip()
            }
        }
        try Self.require(["format", "name", "hw", "edges", "nodes", "jobs"], found, cursor)
        // What stood before that to which it refers.
        for (key, cursor) in later.sorted(by: { $0.key > $1.key }) {
            var cursor = cursor
            if key == "nodes" { try readNodes(&cursor) } else { try readJobs(&cursor) }
        }
    }

    private mutating func readJobs(_ cursor: inout JSONCursor) throws(PlacementError) {
        try cursor.array { (index, cursor) throws(PlacementError) in
            problem.jobs.append(try BatchJob(&cursor, index: index, in: problem))
        }
    }

    static func require(_ names: [String], _ found: Set<String>, _ cursor: JSONCursor) throws(PlacementError) {
        if let missing = names.first(where: { !found.contains($0) }) {
            throw cursor.malformed("the field '\(missing)' is missing; add it")
        }
    }

    /// Checks that columns are as long as the first.
    private static func even(_ columns: [(String, Int)], _ cursor: JSONCursor) throws(PlacementError) {
        guard let first = columns.first else { return }
        for column in columns where column.1 != first.1 {
            throw cursor.malformed(
                "'\(column.0)' has \(column.1) entries and '\(first.0)' has \(first.1); a column has one for each")
        }
    }

    private mutating func readEdges(_ cursor: inout JSONCursor) throws(PlacementError) {
        try cursor.object { (key, cursor) throws(PlacementError) in
            switch key {
            case "up": problem.edgeUp = try cursor.rates()
            case "down": problem.edgeDown = try cursor.rates()
            case "lat": problem.edgeLatency = try cursor.amounts()
            case "bg": problem.edgeBackground = try cursor.amounts()
            default: try cursor.skip()
            }
        }
        try Self.even(
            [
                ("up", problem.edgeUp.count), ("down", problem.edgeDown.count), ("lat", problem.edgeLatency.count),
                ("bg", problem.edgeBackground.count),
            ], cursor)
        guard problem.edgeCount > 0 else { throw cursor.invalid("there is no edge; edge 0 is the core cloud") }
    }

    private mutating func readNodes(_ cursor: inout JSONCursor) throws(PlacementError) {
        try cursor.object { (key, cursor) throws(PlacementError) in
            switch key {
            case "edge": problem.nodeEdge = try cursor.indices(below: problem.edgeCount, of: "edges")
            case "hw": problem.nodeHardware = try cursor.indices(below: problem.hardware.count, of: "classes of 'hw'")
            case "up": problem.nodeUp = try cursor.positives()
            case "down": problem.nodeDown = try cursor.positives()
            case "lat": problem.nodeLatency = try cursor.amounts()
            case "avail": problem.nodeAvailable = try cursor.positives()
            case "numa": (problem.domainFree, problem.domainStart) = try cursor.domains()
            case "used": (used, usedStart) = try cursor.domains()
            default: try cursor.skip()
            }
        }
        try Self.even(
            [
                ("edge", problem.nodeEdge.count), ("hw", problem.nodeHardware.count), ("up", problem.nodeUp.count),
                ("down", problem.nodeDown.count), ("lat", problem.nodeLatency.count),
                ("avail", problem.nodeAvailable.count), ("numa", problem.domainStart.count - 1),
                ("used", usedStart.count - 1),
            ], cursor)
        if let node = problem.nodeAvailable.firstIndex(where: { $0 > 1 }) {
            throw cursor.invalid("avail[\(node)] is \(problem.nodeAvailable[node]); it is a share of 1 at most")
        }
        if let node = usedStart.indices.first(where: { usedStart[$0] != problem.domainStart[$0] }) {
            throw cursor.malformed("'used' and 'numa' differ in the number of domains of node \(node - 1)")
        }
        hasNodes = true
        for domain in used.indices { problem.domainFree[domain] -= used[domain] }
        for node in 0..<problem.nodeCount {
            for domain in problem.domains(of: node) where !problem.domainFree[domain].holds(Resources()) {
                throw cursor.invalid(
                    "used[\(node)] takes more than numa[\(node)] has in domain \(domain - problem.domainStart[node])")
            }
        }
    }
}
