import Core
import TestKit
import Testing

@testable import Datasets

/// Damaged files of every format: each ends in data that keeps its promises, or in a `DatasetError`; never in a crash, a
/// hang or memory beyond the limit.
@Suite struct FuzzTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("fuzz") }

    static let formats: [DataFormat] = [.csv, .npy, .npz, .idx, .cifar10]

    private func seeds(_ format: DataFormat) throws -> [[UInt8]] {
        let data = try LabelledData(
            features: (0..<24).map { Float($0) / 3 }, labels: [0, 1, 2, 1], featureCount: 6)
        func contents(_ name: String) throws -> [UInt8] {
            let file = try FileReader(path: directory.file(name))
            return try file.readBytes(file.size, what: "all")
        }
        switch format {
        case .csv:
            try data.writeCSV(to: directory.file("s.csv"), header: ["a", "b", "c", "d", "e", "f", "label"])
            return [try contents("s.csv"), Array("\"1\",\"2\"\"\",0\r\n3,4,1\r\n".utf8)]
        case .npy:
            try data.writeNPY(features: directory.file("x.npy"), labels: directory.file("y.npy"))
            return [try contents("x.npy"), try contents("y.npy")]
        case .npz:
            try data.writeNPZ(to: directory.file("s.npz"))
            return [try contents("s.npz")]
        case .idx:
            let shape = bytes(UInt32(4), bigEndian: true) + bytes(UInt32(6), bigEndian: true)
            return [[0, 0, 8, 2] + shape + (0..<24).map { UInt8($0) }]
        case .cifar10: return [[3] + [UInt8](repeating: 9, count: 3072)]
        }
    }

    private func mutate(_ seed: [UInt8], _ generator: inout SplitMix64) -> [UInt8] {
        var bytes = seed
        for _ in 0...(generator.next() % 6) {
            guard !bytes.isEmpty else { return bytes }
            let at = Int(generator.next() % UInt64(bytes.count))
            switch generator.next() % 6 {
            case 0: bytes[at] ^= 1 << UInt8(generator.next() % 8)
            case 1: bytes[at] = [0, 0x7f, 0x80, 0xff, 0x0a, 0x22, 0x2c, 0x2d][Int(generator.next() % 8)]
            case 2: bytes.removeLast(bytes.count - at)
            case 3: bytes.remove(at: at)
            case 4:
                let end = min(bytes.count, at + Int(generator.next() % 40))
                bytes.insert(contentsOf: bytes[at..<end], at: Int(generator.next() % UInt64(bytes.count)))
            default: bytes.replaceSubrange(at..<min(bytes.count, at + 4), with: [0xff, 0xff, 0xff, 0xff])
            }
        }
        return bytes
    }

    @Test(arguments: formats) func damagedFilesEndInAnError(format: DataFormat) throws {
        let seed: UInt64 = 0x5eed
        var generator = SplitMix64(seed: seed, labels: "fuzz", format.rawValue)
        let seeds = try seeds(format)
        let labels = try directory.write(
            "labels", [0, 0, 8, 1] + bytes(UInt32(4), bigEndian: true) + [0, 1, 2, 1] as [UInt8])
        let limits = DatasetLimits(maximumBytes: 8 << 20)
        var accepted = 0
        var refused = 0
        for round in 0..<800 {
            let bytes = mutate(seeds[Int(generator.next() % UInt64(seeds.count))], &generator)
            let source = DatasetSource(
                path: try directory.write("f", bytes), format: format, labelsPath: format == .idx ? labels : nil)
            do {
                let data = try source.load(limits: limits)
                let checked = try LabelledData(
                    features: data.features, labels: data.labels, featureCount: data.featureCount,
                    classCount: data.classCount)
                #expect(checked.count > 0, "seed \(seed), round \(round)")
                accepted += 1
            } catch is DatasetError {
                refused += 1
            } catch {
                Issue.record("seed \(seed), round \(round): \(error)")
            }
        }
        #expect(refused > 50, "the generator damages nothing")
        #expect(accepted + refused == 800)
    }
}
