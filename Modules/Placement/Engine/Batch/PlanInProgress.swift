/// What a search for one job's place must know of the plan so far.
protocol PlanInProgress {
    var table: CandidateTable { get }
    /// The flows on each edge's link.
    var flows: [Double] { get }

    /// The domain for one more worker of `job` on `node`; `nil` when there is no room.
    func domain(for job: CandidateTable.Job, on node: Int) -> Int32?

    /// What `count` more flows on an edge's link cost the jobs that use it.
    func delay(edge: Int, flows count: Double) -> Double
}
