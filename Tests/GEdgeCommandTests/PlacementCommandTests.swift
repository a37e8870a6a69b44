import Foundation
import TestKit
import Testing

@testable import GEdgeCommand

struct PlacementCommandTests {
    /// One job that two nodes of one edge can run, the second twice as fast.
    private static let instance = #"""
        {"format":"placebench/1","name":"two","seed":0,"hw":["cpu"],
        "edges":{"up":[1000,100],"down":[1000,100],"lat":[0,0],"bg":[0,0]},
        "nodes":{"edge":[1,1],"hw":[0,0],"up":[1000,1000],"down":[1000,1000],"lat":[0,0],"avail":[0.5,1],
        "numa":[[[4,8,0]],[[4,8,0]]],"used":[[[0,0,0]],[[0,0,0]]]},
        "jobs":[{"id":0,"type":"reinforcement","agg":"flat","k":1,"w":1,"req":[1,1,0],"numa":"any","pen":1.1,
        "prof":[0.01],"rounds":10,"down":0,"up":0,"wm":1,"wd":1,"setup":5,"agg_s":0,"defer":100,"smb":0,"shards":[],
        "scope":[1],"samples":100,"cover":0}]}
        """#

    private func run(_ words: [String], _ verb: String = "solve") async -> (
        code: ExitCode, output: String, error: String
    ) {
        let output = ScriptedTerminal()
        let error = ScriptedTerminal()
        let console = Console(output: output, error: error, environment: [:])
        let code = await GEdge.run(["placement", verb] + words, console: console, host: FakeHost())
        return (code, output.text, error.text)
    }

    @Test func writesThePlanAndSaysWhatItCosts() async throws {
        let directory = try TemporaryDirectory()
        let (instance, plan) = (directory.file("instance.json"), directory.file("plan.json"))
        try Self.instance.write(toFile: instance, atomically: true, encoding: .utf8)
        let table = await run(["--instance", instance, "--plan", plan, "--time-limit", "1"])
        #expect(table.code == .success, "\(table.error)")
        #expect(table.output.contains("Objective:   15.0000"))
        #expect(table.output.contains("Placed:      1, deferred 0"))
        let expected = #"{"format":"placebench-plan/1","instance":"two","jobs":[{"id":0,"workers":[[1,0]]}]}"#
        #expect(try String(contentsOfFile: plan, encoding: .utf8) == expected + "\n")

        let json = await run(["-i", instance, "-p", plan, "--iterations", "5", "-o", "json"])
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(report["objective"] as? Double == 15)
        #expect(report["lowerBound"] as? Double == 15)
        #expect(report["gap"] as? Double == 0)
    }

    @Test func aMistakeNamesTheFileAndTheField() async throws {
        let directory = try TemporaryDirectory()
        let (instance, plan) = (directory.file("instance.json"), directory.file("plan.json"))
        try Self.instance.replacing(#""k":1"#, with: #""k":-1"#).write(
            toFile: instance, atomically: true, encoding: .utf8)
        let result = await run(["-i", instance, "-p", plan])
        #expect(result.code == .failed)
        #expect(result.error.contains(instance))
        #expect(result.error.contains("jobs[0].k"))
        #expect(!FileManager.default.fileExists(atPath: plan))
        #expect(await run(["-i", instance]).code == .usage)
        #expect(await run(["-i", instance, "-p", plan, "--time-limit", "-1"]).code == .usage)
    }

    @Test func aJobAloneIsToldWithItsPlaceOrWhatIsShort() async throws {
        let directory = try TemporaryDirectory()
        let (instance, tight) = (directory.file("instance.json"), directory.file("tight.json"))
        try Self.instance.write(toFile: instance, atomically: true, encoding: .utf8)
        try Self.instance.replacing(#""req":[1,1,0]"#, with: #""req":[5,1,0]"#).write(
            toFile: tight, atomically: true, encoding: .utf8)
        let table = await run(["-i", instance], "alone")
        #expect(table.code == .success, "\(table.error)")
        #expect(table.output.contains("0       1        15.000\n"))
        let json = await run(["-i", instance, "-o", "json", "--anywhere", "--rounds", "2"], "alone")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let job = try #require((report["jobs"] as? [[String: Any]])?.first)
        #expect(job["seconds"] as? Double == 15)
        #expect(job["workers"] as? [[Int]] == [[1, 0]])
        #expect(await run(["-i", tight], "alone").output.contains("least is missing on a cpu node of edge 1: 1 CPUs"))
        #expect(await run(["-i", instance, "--rounds", "0"], "alone").code == .usage)
    }
}
