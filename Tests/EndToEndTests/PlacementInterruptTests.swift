import Foundation
import Glibc
import TestKit
import Testing

/// Ctrl-C in the middle of a search for a placement.
@Suite struct PlacementInterruptTests {
    /// Two jobs that want the same node, so that no plan reaches the lower bound and the search goes on to its limit.
    private static let instance = #"""
        {"format":"placebench/1","name":"two","seed":0,"hw":["cpu"],
        "edges":{"up":[1000,100],"down":[1000,100],"lat":[0,0],"bg":[0,0]},
        "nodes":{"edge":[1,1],"hw":[0,0],"up":[1000,1000],"down":[1000,1000],"lat":[0,0],"avail":[0.5,1],
        "numa":[[[4,8,0]],[[4,8,0]]],"used":[[[0,0,0]],[[0,0,0]]]},
        "jobs":[\#(job(0)),\#(job(1))]}
        """#

    private static func job(_ id: Int) -> String {
        #"""
        {"id":\#(id),"type":"reinforcement","agg":"flat","k":1,"w":1,"req":[3,1,0],"numa":"any","pen":1.1,
        "prof":[0.01],"rounds":10,"down":0,"up":0,"wm":1,"wd":1,"setup":5,"agg_s":0,"defer":100,"smb":0,"shards":[],
        "scope":[1],"samples":100,"cover":0}
        """#
    }

    @Test(arguments: [SIGINT, SIGTERM]) func theBestPlanSoFarIsKept(_ number: Int32) async throws {
        let directory = try TemporaryDirectory()
        let (instance, plan) = (directory.file("instance.json"), directory.file("plan.json"))
        try Self.instance.write(toFile: instance, atomically: true, encoding: .utf8)
        let command = try ChildProcess([
            Executables.path("gedge"), "placement", "solve", "-i", instance, "-p", plan, "-o", "json", "--time-limit",
            "10m",
        ])
        // The file that becomes the plan is opened when the search begins.
        while try FileManager.default.contentsOfDirectory(atPath: directory.path).count < 2 {
            try #require(command.isRunning, "\(command.standardError)")
            await Task.yield()
        }
        command.signal(number)
        let end = await command.end()
        #expect(end.status == 0, "\(end.standardError)")
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(end.standardOutput.utf8)) as? [String: Any])
        #expect(report["interrupted"] as? Bool == true)
        #expect(report["objective"] as? Double == 40)
        #expect(try String(contentsOfFile: plan, encoding: .utf8).contains(#""instance":"two""#))
    }
}
