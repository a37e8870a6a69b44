import Testing

@testable import Placement

@Suite struct BatchFormatTests {
    private static let edges = #""edges":{"up":[1e5,100.5],"down":[100000,100],"lat":[0,5],"bg":[0,1]}"#
    private static let nodes = #"""
        "nodes":{"edge":[1],"hw":[0],"up":[10],"down":[10],"lat":[1],"avail":[0.5],"numa":[[[4,8,1],[4,8,0]]],
        "used":[[[1,2,0],[0,0,0]]]}
        """#
    private static let job = #"""
        {"id":0,"type":"federated","agg":"hier","k":1,"w":0.5,"req":[1,2,0],"numa":"any","pen":1.1,"prof":[null,0.25],
        "rounds":3,"down":1,"up":2,"wm":1,"wd":1,"setup":4,"agg_s":0.5,"defer":60,"smb":0.1,"shards":[[0,120]],
        "scope":[],"samples":0,"cover":100,"comment":{"a":[1,"\"",true]}}
        """#

    private static func document(
        format: String = "placebench/1", edges: String = edges, nodes: String = nodes, job: String = job
    ) -> String {
        #"{"format":"\#(format)","name":"n","hw":["cpu","gpu"],\#(edges),\#(nodes),"jobs":[\#(job)]}"#
    }

    private func refusal(_ text: String) -> String {
        do {
            _ = try BatchProblem(json: Array(text.utf8))
            return ""
        } catch {
            return error.message
        }
    }

    @Test func everyFieldIsRead() throws {
        let problem = try BatchProblem(json: Array(Self.document().utf8))
        #expect(problem.edgeUp == [1e5, 100.5])
        #expect(problem.domainFree == [Resources(cpus: 3, memory: 6, gpus: 1), Resources(cpus: 4, memory: 8)])
        let job = problem.jobs[0]
        #expect(job.aggregation == .hierarchical)
        #expect(job.secondsPerSample == [nil, 0.25])
        #expect(job.shards == [BatchJob.Shard(node: 0, samples: 120)])
        #expect(job.coverage == 100 && job.deferral == 60 && job.aggregationTime == 0.5)
    }

    @Test func fieldsStandInAnyOrder() throws {
        let text =
            #"{"jobs":[\#(Self.job)],\#(Self.nodes),"hw":["cpu","gpu"],"name":"n",\#(Self.edges),"format":"placebench/1"}"#
        #expect(try BatchProblem(json: Array(text.utf8)).jobs.count == 1)
    }

    @Test func aMistakeIsToldWithItsPlace() {
        #expect(refusal(Self.document()) == "")
        #expect(refusal(Self.document(format: "placebench/2")).contains("format: 'placebench/2'"))
        func edges(_ from: String, _ to: String) -> String {
            refusal(Self.document(edges: Self.edges.replacing(from, with: to)))
        }
        #expect(edges("100.5", "-3").contains("edges.up[1]"))
        #expect(edges("100.5", "NaN").contains("edges.up[1]"))
        #expect(edges("100.5", "1e999").contains("edges.up[1]"))
        #expect(edges(",100.5", "").contains("'down' has 2 entries and 'up' has 1"))
        func nodes(_ from: String, _ to: String) -> String {
            refusal(Self.document(nodes: Self.nodes.replacing(from, with: to)))
        }
        #expect(nodes(#""edge":[1]"#, #""edge":[2]"#).contains("nodes.edge[0]: 2.0 names none of the 2 edges"))
        #expect(nodes("0.5", "1.5").contains("avail[0]"))
        #expect(nodes("[4,8,1]", "[4,8]").contains("nodes.numa[0][0]"))
        #expect(nodes("[[1,2,0],[0,0,0]]", "[[1,2,0]]").contains("number of domains of node 0"))
        #expect(nodes("[1,2,0]", "[1,9,0]").contains("used[0]"))
        func job(_ from: String, _ to: String) -> String {
            refusal(Self.document(job: Self.job.replacing(from, with: to)))
        }
        #expect(job(#""k":1,"#, "").contains("'k' is missing"))
        #expect(job("hier", "tree").contains("jobs[0].agg: 'tree'"))
        #expect(job("[[0,120]]", "[[1,120]]").contains("jobs[0].shards[0][0]"))
        #expect(job("[null,0.25]", "[null]").contains("jobs[0].prof"))
        #expect(job(#""id":0"#, #""id":1"#).contains("jobs[0].id"))
        #expect(refusal(String(Self.document().dropLast(5))).contains("the document ends"))
        #expect(refusal(Self.document() + "x").contains("follows the end"))
    }

    @Test func numbersThatNoPlanCanBeMadeOfAreNamed() {
        func told(_ from: String, _ to: String) -> String {
            refusal(
                Self.document(
                    edges: Self.edges.replacing(from, with: to), nodes: Self.nodes.replacing(from, with: to),
                    job: Self.job.replacing(from, with: to)))
        }
        #expect(
            told(#""rounds":3"#, #""rounds":0"#)
                == "jobs[0].rounds: 0.0 is given where at least 1.0 is needed; correct it")
        #expect(told(#""rounds":3"#, #""rounds":-1"#).hasPrefix("jobs[0].rounds: -1.0 is given"))
        let large = "1e+308 is given where at most 1000000000000000.0 is taken; correct it"
        for field in ["w", "rounds", "wm", "wd", "setup", "agg_s", "defer", "smb", "samples", "cover", "down", "up"] {
            let values = ["3", "0.5", "1", "4", "60", "0.1", "0", "100", "2"]
            let told = values.map { told("\"\(field)\":\($0),", "\"\(field)\":1e+308,") }.first { $0 != "" }
            #expect(told == "jobs[0].\(field): \(large)")
        }
        #expect(told("100.5", "1e+308") == "edges.up[1]: \(large)")
        #expect(told("100.5", "1e-300").hasPrefix("edges.up[1]: 1e-300 is given where 0 or at least 1e-09 is needed"))
        #expect(told("0.25", "1e+308") == "jobs[0].prof[1]: \(large)")
        #expect(told("[[0,120]]", "[[0,1e+308]]") == "jobs[0].shards[0][1]: \(large)")
        #expect(told(#""avail":[0.5]"#, #""avail":[1e-320]"#).hasPrefix("nodes.avail[0]: "))
        #expect(told(#""req":[1,2,0]"#, #""req":[1,2,-0.5]"#).hasPrefix("jobs[0].req[2]: -0.5 is given"))
        for text in ["NaN", "Infinity", "-Infinity", "nan", "1e999999999999999999999"] {
            #expect(told("60", text).hasPrefix("jobs[0].defer: "), "\(text)")
        }
    }

    @Test func anyPrefixOrChangedByteIsRefusedOrRead() {
        let bytes = Array(Self.document().utf8)
        for count in bytes.indices {
            #expect(throws: PlacementError.self) { try BatchProblem(json: Array(bytes[..<count])) }
        }
        for index in bytes.indices {
            for byte: UInt8 in [0x22, 0x2c, 0x5d, 0x30, 0xff] {
                var changed = bytes
                changed[index] = byte
                // Whether it is still valid depends on the byte; it must not trap.
                _ = try? BatchProblem(json: changed)
            }
        }
    }

    @Test func aPlanIsReadAsItWasWritten() throws {
        let plan = BatchPlan(
            instance: "a \"b\"", workers: [[], [.init(node: 3, domain: nil), .init(node: 4, domain: 1)]])
        let text = BatchPlan(instance: "a", workers: plan.workers).json
        #expect(try BatchPlan(json: Array(text.utf8), jobs: 2).workers == plan.workers)
        #expect(plan.json.contains(#""instance":"a \"b\"""#))
        #expect(throws: PlacementError.self) { try BatchPlan(json: Array(text.utf8), jobs: 1) }
    }
}
