/// Which jobs a node or an edge concerns, as one array: those of `place` stand at `start[place]`.
struct Incidence: Sendable {
    private var start: [Int32]
    private var jobs: [Int32]

    /// - Parameter pairs: place and job, in any order, of which none occurs twice.
    init(places: Int, _ pairs: [(place: Int32, job: Int32)]) {
        start = [Int32](repeating: 0, count: places + 1)
        jobs = [Int32](repeating: 0, count: pairs.count)
        for pair in pairs { start[Int(pair.place) + 1] += 1 }
        for place in 0..<places { start[place + 1] += start[place] }
        var next = start
        for pair in pairs {
            jobs[Int(next[Int(pair.place)])] = pair.job
            next[Int(pair.place)] += 1
        }
    }

    subscript(place: Int) -> ArraySlice<Int32> { jobs[Int(start[place])..<Int(start[place + 1])] }
}
