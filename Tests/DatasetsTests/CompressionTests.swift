import CZlib
import TestKit
import Testing

@testable import Datasets

@Suite struct CompressionTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("compression") }

    private func gzip(_ bytes: [UInt8]) async throws -> [UInt8] {
        let path = try directory.write("plain", bytes)
        #expect(try await ChildProcess.run(["gzip", "-k", "-f", path]).status == 0)
        let file = try FileReader(path: path + ".gz")
        return try file.readBytes(file.size, what: "all")
    }

    @Test func aFileOfSeveralGzipMembersIsReadWhole() async throws {
        let first = try await gzip(Array("1,2,0\n3,".utf8))
        let path = try directory.write("two.csv.gz", first + (try await gzip(Array("4,1\n".utf8))))
        #expect(try DatasetSource(path: path).load().features == [1, 2, 3, 4])
    }

    @Test func truncatedAndDamagedGzipIsRefused() async throws {
        let whole = try await gzip(Array(String(repeating: "1.25,2.5,0\n", count: 500).utf8))
        #expect(try DatasetSource(path: directory.write("a.csv.gz", whole)).load().count == 500)
        for count in [0, 1, 9, whole.count / 2, whole.count - 1] {
            let path = try directory.write("cut.csv.gz", whole.prefix(count))
            let error = refusal { _ = try DatasetSource(path: path).load() }
            #expect(error?.kind == .malformed, "\(count) bytes")
        }
        var damaged = whole
        damaged[whole.count - 6] ^= 0xff
        let path = try directory.write("crc.csv.gz", damaged)
        #expect(refusal { _ = try DatasetSource(path: path).load() }?.message.contains("incorrect data check") == true)
    }

    @Test func whatUnpacksToTooMuchIsRefusedBeforeItFillsMemory() async throws {
        // 40 MB of rows in 40 kB; and a limit of 1 MB.
        let bomb = try await gzip(Array(String(repeating: "0,0,0,0\n", count: 5_000_000).utf8))
        #expect(bomb.count < 200_000)
        let path = try directory.write("bomb.csv.gz", bomb)
        let error = refusal { _ = try DatasetSource(path: path).load(limits: DatasetLimits(maximumBytes: 1 << 20)) }
        #expect(error?.kind == .tooLarge)
    }

    @Test func anArchiveMayNotPromiseMoreThanItsBytesCanUnpackTo() throws {
        let data = try LabelledData(features: [1, 2, 3, 4], labels: [0, 1], featureCount: 2)
        let path = directory.file("a.npz")
        try data.writeNPZ(to: path)
        let file = try FileReader(path: path)
        var bytes = try file.readBytes(file.size, what: "all")
        #expect(try DatasetSource(path: path).load() == data)
        // The header of the first array: a shape of a billion samples.
        let needle = Array("(2, 2), }          ".utf8)
        let start = try #require((0..<bytes.count).first { bytes[$0...].starts(with: needle) })
        bytes.replaceSubrange(start..<(start + needle.count), with: Array("(999999999, 1), }  ".utf8))
        let changed = try directory.write("b.npz", bytes)
        #expect(refusal { _ = try DatasetSource(path: changed).load() }?.message.contains("too short") == true)
        // The right shape and a wrong value.
        bytes = try FileReader(path: path).readBytes(file.size, what: "all")
        let value = try #require((0..<bytes.count).first { bytes[$0...].starts(with: [0, 0, 0x80, 0x3f]) })
        bytes[value + 2] = 0x90
        let flipped = try directory.write("c.npz", bytes)
        #expect(refusal { _ = try DatasetSource(path: flipped).load() }?.message.contains("checksum") == true)
    }
}
