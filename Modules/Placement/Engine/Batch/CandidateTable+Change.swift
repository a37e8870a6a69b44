extension CandidateTable {
    /// Computes a job's links and candidates anew from the problem as it now is.
    mutating func reprice(_ index: Int) {
        let job = jobs[index]
        let terms = JobTerms(problem.jobs[index], problem)
        for slot in job.slots { slots[slot] = terms.slot(job: index, edge: Int(slots[slot].edge)) }
        var own = job.candidates.map { repriced(candidates[$0], terms) }
        own.sort { ($0.least, $0.node) < ($1.least, $1.node) }
        for (place, candidate) in zip(job.candidates, own) { candidates[place] = candidate }
    }

    /// Computes the candidate that `node` is for a job anew, and moves it to where its cost belongs.
    /// - Returns: where it was and where it is; those between have moved by one. `nil` when the job cannot use the node.
    mutating func reprice(_ index: Int, on node: Int) -> (from: Int, to: Int)? {
        let range = jobs[index].candidates
        guard let from = range.first(where: { Int(candidates[$0].node) == node }) else { return nil }
        let candidate = repriced(candidates[from], JobTerms(problem.jobs[index], problem))
        var to = from
        while to + 1 < range.upperBound, candidates[to + 1].least < candidate.least {
            candidates[to] = candidates[to + 1]
            to += 1
        }
        while to > range.lowerBound, candidates[to - 1].least > candidate.least {
            candidates[to] = candidates[to - 1]
            to -= 1
        }
        candidates[to] = candidate
        return (from, to)
    }

    private func repriced(_ old: Candidate, _ terms: JobTerms) -> Candidate {
        // A candidate stays one: whether a job can run on a node is a matter of hardware and data, which do not change.
        terms.candidate(node: Int(old.node), samples: old.samples, slot: old.slot, slots[Int(old.slot)]) ?? old
    }

    /// The candidate that a node is for a job.
    func candidate(of index: Int, on node: Int) -> Int32? {
        jobs[index].candidates.first { Int(candidates[$0].node) == node }.map { Int32($0) }
    }
}
