extension BatchPlan {
    /// The plan as a `placebench-plan/1` document, on one line; same plan, same text.
    package var json: String {
        var text = "{\"format\":\"placebench-plan/1\",\"instance\":\"\(Self.escaped(instance))\",\"jobs\":["
        text.reserveCapacity(64 + 24 * workers.count + 16 * workers.reduce(0) { $0 + $1.count })
        for (job, workers) in workers.enumerated() {
            text += job == 0 ? "" : ","
            text += "{\"id\":\(job),\"workers\":["
            for (index, worker) in workers.enumerated() {
                text += index == 0 ? "" : ","
                text += "[\(worker.node),\(worker.domain ?? -1)]"
            }
            text += "]}"
        }
        return text + "]}\n"
    }

    /// The plan that a `placebench-plan/1` document describes; a job that it does not name is deferred.
    /// - Parameter jobs: how many jobs the problem has.
    /// - Throws: `PlacementError`, which names the field and the place; whether the plan keeps the rules is for
    ///   `BatchEvaluation`.
    package init(json bytes: [UInt8], jobs: Int) throws(PlacementError) {
        var instance: String?
        var format: String?
        var workers = [[Worker]](repeating: [], count: jobs)
        var cursor = JSONCursor(bytes)
        try cursor.object { (key, cursor) throws(PlacementError) in
            switch key {
            case "format": format = try cursor.string()
            case "instance": instance = try cursor.string()
            case "jobs":
                try cursor.array { (_, cursor) throws(PlacementError) in
                    let (id, found) = try Self.job(&cursor, jobs: jobs)
                    workers[id] = found
                }
            default: try cursor.skip()
            }
        }
        try cursor.end()
        guard format == "placebench-plan/1" else {
            throw PlacementError(.malformed, "format is '\(format ?? "missing")'; this program reads placebench-plan/1")
        }
        guard let instance else { throw PlacementError(.malformed, "the field 'instance' is missing; add it") }
        self.init(instance: instance, workers: workers)
    }

    private static func job(
        _ cursor: inout JSONCursor, jobs: Int
    ) throws(PlacementError) -> (id: Int, workers: [Worker]) {
        var id: Int?
        var workers: [Worker] = []
        try cursor.object { (key, cursor) throws(PlacementError) in
            switch key {
            case "id": id = try cursor.index(below: jobs, of: "jobs")
            case "workers":
                try cursor.array { (_, cursor) throws(PlacementError) in
                    var pair: [Int] = []
                    try cursor.array { (_, cursor) throws(PlacementError) in
                        pair.append(try cursor.integer(in: -1...Int(Int32.max)))
                    }
                    guard pair.count == 2, pair[0] >= 0 else { throw cursor.malformed("a worker is [node, numa]") }
                    workers.append(Worker(node: pair[0], domain: pair[1] < 0 ? nil : pair[1]))
                }
            default: try cursor.skip()
            }
        }
        guard let id else { throw cursor.malformed("the field 'id' is missing; add it") }
        return (id, workers)
    }

    /// Text as it stands inside the quotation marks of a JSON string.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20: result += "?"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
