import Contracts
import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite(.enabled(if: Python.has("moto.server", "werkzeug"), "needs moto: run Tools/test"))
    struct ArchiveTests {
        enum Loss: String, CaseIterable {
            case everyByteFlips, everyShardIsGone
        }

        @Test(arguments: Loss.allCases)
        func aModelThatTheCoresDiskLostComesBackFromTheArchive(_ loss: Loss) async throws {
            let store = try ChildProcess([Python.interpreter, "-B", Python.peer("s3_server.py")])
            defer { store.signal(SIGKILL) }
            let words = try await store.firstLine().split(separator: " ").map(String.init)
            let cluster = try await Cluster(edges: 2)
            let keys = cluster.directory.file("keys")
            try cluster.write(
                "keys", "[default]\naws_access_key_id = \(words[1])\naws_secret_access_key = \(words[2])\n")
            chmod(keys, 0o600)
            let configuration = try String(contentsOfFile: cluster.directory.file("core.yaml"), encoding: .utf8)
            try cluster.write(
                "core.yaml",
                """
                \(configuration)
                archive:
                  endpoint: http://127.0.0.1:\(words[0])
                  bucket: archive
                  credentialsFile: keys
                  settle: 0s
                  interval: 200ms
                """)
            try await cluster.startAll()
            try await cluster.apply(rounds: 2)
            let job = try await cluster.waitForJob()
            let manifest = try #require(job.rounds.last?.manifest)
            let before = cluster.directory.file("before.safetensors")
            try await cluster.must("model", "pull", "test/digits/2", "-o", before)
            try await cluster.eventually("the model is archived") {
                cluster.core?.standardError.contains("manifest=\(manifest.hex)") == true
            }
            let digits = String(manifest.hex.prefix(12))
            let listed = try await cluster.must("archive", "ls")
            #expect(listed.contains(digits) && listed.contains("fedlearn/"))
            let verified = try await cluster.must("archive", "verify", digits)
            #expect(verified.contains("0 damaged"))
            await cluster.killCore()
            let segments = cluster.coreState + "/shards/segments"
            switch loss {
            case .everyByteFlips:
                for name in try FileManager.default.contentsOfDirectory(atPath: segments) {
                    let url = URL(fileURLWithPath: "\(segments)/\(name)")
                    try Data(try Data(contentsOf: url).map { ~$0 }).write(to: url)
                }
            case .everyShardIsGone:
                // As after a new disk, onto which a backup of the database was put.
                try FileManager.default.removeItem(atPath: cluster.coreState + "/shards")
            }
            try await cluster.startCore()
            let after = cluster.directory.file("after.safetensors")
            try await cluster.eventually("the model is whole again") {
                try await cluster.gedge("model", "pull", "test/digits/2", "-o", after).status == 0
            }
            let restored = try await cluster.must("archive", "restore", digits, "--reference", "restored/digits")
            #expect(restored.contains("restored/digits"))
            #expect(try await cluster.gedge("archive", "verify", "00000000").status == 3)
            #expect(FileManager.default.contentsEqual(atPath: before, andPath: after))
            _ = await cluster.stop()
        }
    }
}
