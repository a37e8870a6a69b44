import Core
import Testing

@testable import Placement

/// What is said about jobs that fit nowhere.
@Suite struct PlacementRefusalTests {
    /// One edge with a node of two domains, and a job that wants both of them.
    private func problem() -> BatchProblem {
        var problem = BatchProblem()
        problem.hardware = ["cpu", "t4"]
        problem.edgeUp = [1e5, 100]
        problem.edgeDown = [1e5, 100]
        problem.edgeLatency = [0, 5]
        problem.edgeBackground = [0, 1]
        for hardware in [0, 1] {
            problem.nodeEdge.append(1)
            problem.nodeHardware.append(hardware)
            problem.nodeUp.append(1000)
            problem.nodeDown.append(1000)
            problem.nodeLatency.append(1)
            problem.nodeAvailable.append(1)
            problem.domainFree += [Resources(cpus: 4, memory: 8), Resources(cpus: 6, memory: 4)]
            problem.domainStart.append(problem.domainFree.count)
        }
        var job = BatchJob()
        job.workers = 1
        job.request = Resources(cpus: 9, memory: 16)
        job.secondsPerSample = [0.01, nil]
        job.rounds = 1
        job.shards = [.init(node: 0, samples: 100), .init(node: 1, samples: 50)]
        problem.jobs = [job]
        return problem
    }

    private func refusal(_ problem: BatchProblem, _ changes: [PlacementChange] = []) -> PlacementRefusal {
        var index = PlacementIndex(problem)
        for change in changes { index.apply(change) }
        return index.refusal(of: problem.jobs[0])
    }

    @Test func whatIsShortIsTold() {
        var problem = problem()
        var found = refusal(problem)
        #expect(!found.fits)
        #expect(found.groups.map(\.shortage) == [Resources(memory: 4), nil])
        #expect(found.groups[1].isUnsuitable)
        #expect(
            found.summary(hardware: problem.hardware)
                == "needs 1 nodes and 0 have room; 1 are of hardware that it cannot run on; "
                + "least is missing on a cpu node of edge 1: 4 GB")

        problem.jobs[0].needsOneDomain = true
        problem.jobs[0].request.memory = 2
        found = refusal(problem)
        #expect(found.groups[0].shortage == Resources(cpus: 3))

        problem.jobs[0].request.cpus = 4
        #expect(refusal(problem).fits)
        #expect(refusal(problem, [.nodeClosed(0)]).groups[0].closed == 1)
        #expect(refusal(problem, [.link(edge: 1, up: 0, down: 5)]).groups[0].unreachable == 1)

        problem.jobs[0].coverage = 120
        found = refusal(problem)
        #expect(!found.fits)
        #expect(found.summary(hardware: problem.hardware).contains("hold 100, 20 too few"))
    }

    /// A job alone that fits is never refused, and one that is refused does not fit.
    @Test func whoeverFitsIsPlaced() {
        var refused = 0
        for seed in 0..<600 {
            var random = RandomBatch(seed: UInt64(seed))
            let problem = random.problem(edges: 2, nodesPerEdge: 3, jobs: 1)
            var changes = SplitMix64(seed: UInt64(seed), labels: "changes")
            var index = PlacementIndex(problem)
            for change in RandomChanges.some(4, in: problem, &changes) { index.apply(change) }
            let fits = index.refusal(of: problem.jobs[0]).fits
            #expect(fits == (index.place(problem.jobs[0]) != nil), "seed \(seed)")
            if !fits { refused += 1 }
        }
        #expect(refused > 50)
    }

    /// Given the shortage that is told, the job has room.
    @Test func withWhatIsShortTheNodeHasRoom() {
        for seed in 0..<400 {
            var random = RandomBatch(seed: UInt64(seed))
            var problem = random.problem(edges: 2, nodesPerEdge: 3, jobs: 1)
            problem.jobs[0].needsOneDomain = false
            problem.jobs[0].request.cpus += 9
            for group in PlacementIndex(problem).refusal(of: problem.jobs[0]).groups {
                guard let shortage = group.shortage else { continue }
                let node = problem.nodeEdge.indices.first { node in
                    problem.nodeEdge[node] == group.edge && problem.nodeHardware[node] == group.hardware
                        && (problem.jobs[0].kind != .federated || problem.jobs[0].shards.contains { $0.node == node })
                        && NodeRoom(problem).shortage(of: WorkerNeed(problem.jobs[0]), on: node) == shortage
                }
                #expect(node != nil, "seed \(seed)")
                guard let node else { continue }
                var room = NodeRoom(problem)
                #expect(room.domain(for: WorkerNeed(problem.jobs[0]), on: node) == nil, "seed \(seed)")
                room.add(shortage, toDomain: 0, of: node)
                #expect(room.domain(for: WorkerNeed(problem.jobs[0]), on: node) != nil, "seed \(seed)")
            }
        }
    }
}
