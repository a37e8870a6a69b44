import Contracts
import Core
@testable import DataSync
import Foundation
import Store
import Telemetry
import TestKit
import Testing

@Suite(.timeLimit(.minutes(3)), .enabled(if: ObjectServer.isHere, "needs moto: run Tools/test"))
struct ArchiveKillTests {
    /// A copying machine is killed again and again: in the end everything is archived, and nothing was sent twice.
    @Test func nothingIsSentTwiceHoweverOftenTheMachineIsKilled() async throws {
        var generator = SeededGenerator()
        let server = try await ObjectServer()
        let machine = try await Machine(server)
        var manifests: [Manifest] = []
        for number in 0..<4 {
            let manifest = try await machine.manifest([Int](repeating: 400_000, count: 8), seed: UInt64(number))
            try await machine.database.write { connection in
                let catalogue = Catalogue(connection: connection)
                try catalogue.insert(manifest, digest: manifest.digest, now: Timestamp(milliseconds: 0))
                try catalogue.hold(manifest.digest, for: "x/\(number)")
                _ = try catalogue.setComplete(manifest.digest, true)
            }
            manifests.append(manifest)
        }
        await machine.database.close()
        let arguments = ["\(server.port)", server.credentials.accessKey, server.credentials.secretKey.reveal()]
        var kills = 0
        while true {
            let crasher = try Crasher(
                "archive-crasher", machine.directory.path, arguments[0], arguments[1], arguments[2])
            #expect(try await crasher.line() == "begins")
            // The last one may end by itself.
            guard kills < 12 else {
                #expect(try await crasher.line() == "done")
                #expect(crasher.finish() == 0)
                break
            }
            // The moment of the kill is what is random here; nothing waits for it.
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...120, using: &generator)))
            crasher.kill()
            kills += 1
        }
        let again = try await Machine(server, at: machine.directory)
        #expect(Set(try await again.archive.list()) == Set(manifests.map(\.digest)))
        for manifest in manifests { #expect(try await again.archive.verify(manifest.digest).isEmpty) }
        let packs = try await server.storedPacks()
        #expect(packs.count >= 8 && Set(packs).count == packs.count, "\(packs)")
    }
}
