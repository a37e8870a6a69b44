import Contracts
import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct DiskFullTests {
        @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a file system"))
        func aFullDiskOnTheCoreHoldsTheJobUpAndLosesNothing() async throws {
            let disk = try SmallDisk(bytes: 64 << 20)
            let cluster = try await Cluster(coreState: disk.file("core"))
            try await cluster.startAll()
            try await cluster.apply(rounds: 12, localEpochs: 3, deadline: 5)
            try await cluster.eventually("two rounds are committed") { try await cluster.job().completedRounds >= 2 }
            let before = try await cluster.job().rounds
            let filler = disk.file("filler")
            try fill(filler)
            try await cluster.eventually("the core says that its disk is full") {
                cluster.core?.standardError.contains("full") == true
            }
            #expect(cluster.core?.isRunning == true)
            try FileManager.default.removeItem(atPath: filler)
            let job = try await cluster.waitForJob()
            #expect(job.completedRounds == 12)
            #expect(job.rounds.prefix(before.count).map(\.manifest) == before.map(\.manifest))
        }

        /// Takes every free byte of the disk.
        private func fill(_ path: String) throws {
            let file = open(path, O_CREAT | O_WRONLY, 0o600)
            try #require(file >= 0)
            defer { close(file) }
            for size in [1 << 16, 4096, 1] {
                let block = [UInt8](repeating: 1, count: size)
                while write(file, block, size) == size {}
            }
        }
    }
}
