import Foundation
import TestKit
import Testing

@testable import Datasets

@Suite struct ImageFormatTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("images") }

    private let images: [UInt8] =
        [0, 0, 8, 3] + bytes(UInt32(2), bigEndian: true) + bytes(UInt32(2), bigEndian: true)
        + bytes(UInt32(3), bigEndian: true) + [0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]
    private let labels: [UInt8] = [0, 0, 8, 1] + bytes(UInt32(2), bigEndian: true) + [7, 3]

    @Test func aPairOfIDXFilesIsRead() throws {
        let path = try directory.write("train-images-idx3-ubyte", images)
        _ = try directory.write("train-labels-idx1-ubyte", labels)
        let data = try DatasetSource(path: path, scale: .factor(1.0 / 255), classes: 10).load()
        #expect(data.featureCount == 6)
        #expect(data.labels == [7, 3])
        #expect(data.features[11] == 1)
        #expect(data.features[6] == Float(250) * (1.0 / 255))
    }

    @Test func gzippedIDXFilesAreRead() async throws {
        let path = try directory.write("t10k-images-idx3-ubyte", images)
        _ = try directory.write("t10k-labels-idx1-ubyte", labels)
        #expect(try await ChildProcess.run(["gzip", path, directory.file("t10k-labels-idx1-ubyte")]).status == 0)
        let data = try DatasetSource(path: path + ".gz").load()
        #expect(data.features == [0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255])
        #expect(data.labels == [7, 3])
    }

    @Test func wholeAndFloatingElementsAreRead() throws {
        let floats =
            [0, 0, 0x0d, 2] + bytes(UInt32(1), bigEndian: true) + bytes(UInt32(2), bigEndian: true)
            + bytes(Float(1.5).bitPattern, bigEndian: true) + bytes(Float(-2).bitPattern, bigEndian: true)
        let shorts = [0, 0, 0x0b, 1] + bytes(UInt32(1), bigEndian: true) + bytes(Int16(300), bigEndian: true)
        let data = try DatasetSource(
            path: directory.write("a.idx", floats), labelsPath: directory.write("b.idx", shorts)
        ).load()
        #expect(data.features == [1.5, -2])
        #expect(data.labels == [300])
    }

    @Test func damagedIDXFilesAreRefused() throws {
        let good = try directory.write("labels.idx", labels)
        func message(_ bytes: [UInt8], labels: String? = nil) throws -> String {
            let source = DatasetSource(path: try directory.write("images.idx", bytes), labelsPath: labels ?? good)
            return try #require(refusal { _ = try source.load() }).message
        }
        #expect(try message(Array(images.dropLast())).contains("too short"))
        #expect(try message(images + [0]).contains("more bytes follow"))
        #expect(try message([1, 2, 3, 4]).contains("no IDX file"))
        #expect(try message([]).contains("too short"))
        #expect(try message([0, 0, 8, 3] + [UInt8](repeating: 0xff, count: 12)).contains("features"))
        #expect(try message(labels).contains("rather than images"))
        let three = [0, 0, 8, 1] + bytes(UInt32(3), bigEndian: true) + [1, 2, 3]
        #expect(try message(images, labels: directory.write("three.idx", three)).contains("2 samples, but 3 labels"))
        let lonely = DatasetSource(path: try directory.write("x-ubyte", images))
        #expect(refusal { _ = try lonely.load() }?.message.contains("labelsPath") == true)
    }

    private func cifarRecord(_ label: UInt8, _ value: UInt8) -> [UInt8] {
        [label] + [UInt8](repeating: value, count: 3072)
    }

    @Test func cifar10FilesAndFoldersAreRead() throws {
        let batch = (0..<100).flatMap { cifarRecord(UInt8($0 % 10), UInt8($0)) }
        let path = try directory.write("data_batch_1.bin", batch)
        let one = try DatasetSource(path: path, classes: 10).load()
        #expect(one.count == 100)
        #expect(one.featureCount == 3072)
        #expect(one.labels[99] == 9)
        #expect(one.features[99 * 3072 + 5] == 99)
        _ = try directory.write("data_batch_2.bin", cifarRecord(4, 200))
        let both = try DatasetSource(path: directory.path, format: .cifar10).load()
        #expect(both.count == 101)
        #expect(both.labels[100] == 4)
        #expect(both.features[100 * 3072] == 200)
    }

    @Test func damagedCIFAR10FilesAreRefused() throws {
        let cut = DatasetSource(path: try directory.write("cut.bin", Array(cifarRecord(1, 1).dropLast(2))))
        #expect(refusal { _ = try cut.load() }?.message.contains("3071 bytes into a record") == true)
        let label = DatasetSource(path: try directory.write("label.bin", cifarRecord(1, 1) + cifarRecord(10, 1)))
        #expect(refusal { _ = try label.load() }?.message.contains("sample 1") == true)
        let empty = DatasetSource(path: try directory.write("empty.bin", []))
        #expect(refusal { _ = try empty.load() }?.kind == .malformed)
        let folder = DatasetSource(path: try TemporaryDirectory("none").path, format: .cifar10)
        #expect(refusal { _ = try folder.load() }?.kind == .unreadable)
    }
}
