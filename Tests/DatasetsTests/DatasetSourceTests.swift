import Foundation
import TestKit
import Testing

@testable import Datasets

@Suite struct DatasetSourceTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("source") }

    private func decode(_ json: String) throws -> DatasetSource {
        try JSONDecoder().decode(DatasetSource.self, from: Data(json.utf8))
    }

    @Test func everyFormOfScaleIsUnderstoodAndWrittenBack() throws {
        for (text, scale) in [
            ("0.0625", Scaling.factor(0.0625)), ("\"1/16\"", .factor(0.0625)), ("\" 1 / 255 \"", .factor(1.0 / 255)),
            ("\"0.5\"", .factor(0.5)), ("\"min-max\"", .minMax),
            ("{\"minimum\": -1, \"maximum\": 3}", .range(minimum: -1, maximum: 3)),
        ] {
            let source = try decode("{\"path\": \"a.csv\", \"scale\": \(text)}")
            #expect(source.scale == scale)
            let again = try JSONDecoder().decode(DatasetSource.self, from: JSONEncoder().encode(source))
            #expect(again == source)
        }
        for text in ["0", "\"1/0\"", "\"a\"", "\"1/2/3\"", "true", "{\"minimum\": 2, \"maximum\": 2}", "\"nan\""] {
            #expect(throws: DecodingError.self, "\(text)") { try decode("{\"path\": \"a.csv\", \"scale\": \(text)}") }
        }
    }

    @Test func aPipeIsNoDataAndIsNotWaitedFor() throws {
        let path = directory.file("pipe.csv")
        try #require(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: DatasetError.self) { try DatasetSource(path: path).load() }
        #expect(error?.message.contains("is not a regular file") == true)
    }

    @Test func everyFormOfLabelColumnIsUnderstood() throws {
        for (text, column) in [
            ("\"last\"", LabelColumn.last), ("\"first\"", .index(0)), ("3", .index(3)), ("\"digit\"", .name("digit")),
        ] {
            let source = try decode("{\"path\": \"a.csv\", \"labelColumn\": \(text)}")
            #expect(source.labelColumn == column)
            #expect(try JSONDecoder().decode(DatasetSource.self, from: JSONEncoder().encode(source)) == source)
        }
        #expect(throws: DecodingError.self) { try decode("{\"path\": \"a.csv\", \"labelColumn\": -1}") }
    }

    @Test(arguments: [
        ("x/a.csv", DataFormat.csv), ("a.CSV.gz", .csv), ("a.tsv", .csv), ("a.npy", .npy), ("a.npz", .npz),
        ("train-images-idx3-ubyte", .idx), ("train-images.idx3-ubyte.gz", .idx), ("data_batch_1.bin", .cifar10),
        ("cifar-10-batches-bin/", .cifar10),
    ]) func formatsAreInferred(path: String, format: DataFormat) {
        #expect(DataFormat.inferred(from: path) == format)
    }

    @Test func aNameWithoutAFormatAndSettingsWithoutAUseAreRefused() throws {
        let unknown = refusal { _ = try DatasetSource(path: "a.dat").load() }
        #expect(unknown?.message.contains("csv, npy, npz, idx, cifar10") == true)
        for source in [
            DatasetSource(path: "a.csv", labelsPath: "b"), DatasetSource(path: "a.npz", labelColumn: .last),
            DatasetSource(path: "a.npy", header: true), DatasetSource(path: "a.npy", delimiter: ";"),
            DatasetSource(path: "a.csv", featuresKey: "x"), DatasetSource(path: "a.csv", labelsKey: "y"),
            DatasetSource(path: "a.npy", labelsPath: "b.npy", labelColumn: .last),
        ] {
            #expect(refusal { _ = try source.load() }?.kind == .invalidSettings)
        }
    }

    @Test func relativePathsAreTakenFromTheDirectoryGiven() {
        let source = DatasetSource(path: "a.npy", labelsPath: "/x/b.npy").relative(to: "/etc/gedge")
        #expect(source.path == "/etc/gedge/a.npy")
        #expect(source.labelsPath == "/x/b.npy")
    }

    @Test func scalesDoWhatTheySay() throws {
        let path = try directory.write("a.csv", "0,5,7,0\n8,5,-1,1\n16,5,3,0\n".utf8)
        func features(_ scale: Scaling) throws -> [Float] {
            try DatasetSource(path: path, scale: scale).load().features
        }
        #expect(try features(.factor(0.5)) == [0, 2.5, 3.5, 4, 2.5, -0.5, 8, 2.5, 1.5])
        #expect(try features(.range(minimum: 0, maximum: 16))[6] == 1)
        #expect(try features(.minMax) == [0, 0, 1, 0.5, 0, 0, 1, 0, 0.5])
        let error = refusal { _ = try features(.factor(1e38)) }
        #expect(error?.message.contains("'scale'") == true)
        let extreme = try directory.write("b.csv", "-3e38,0\n3e38,1\n".utf8)
        #expect(try DatasetSource(path: extreme, scale: .minMax).load().features == [0, 1])
    }

    @Test func labelledDataKeepsItsPromises() {
        for (features, labels, width, classes) in [
            ([Float(1), 2, 3], [Int32(0), 1], 2, Int?.none), ([1, .nan], [0], 2, nil), ([1], [-1], 1, nil),
            ([1], [5], 1, 5), ([1], [0], 0, nil), ([], [], 1, 0),
        ] {
            #expect(throws: DatasetError.self) {
                try LabelledData(features: features, labels: labels, featureCount: width, classCount: classes)
            }
        }
    }

    @Test func aFileThatCannotBeWrittenLeavesNothingBehind() throws {
        let data = try LabelledData(features: [1], labels: [0], featureCount: 1)
        let missing = refusal { try data.writeCSV(to: directory.file("none/a.csv")) }
        #expect(missing?.kind == .unwritable)
        let header = refusal { try data.writeCSV(to: directory.file("a.csv"), header: ["x"]) }
        #expect(header?.kind == .invalidSettings)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a file system"))
    func aFullDiskIsReportedAndLeavesNothingBehind() throws {
        let disk = try SmallDisk(bytes: 64 << 10)
        let data = try LabelledData(
            features: [Float](repeating: 0.123, count: 100_000), labels: [Int32](repeating: 0, count: 1000),
            featureCount: 100)
        for write in [{ try data.writeCSV(to: disk.file("a.csv")) }, { try data.writeNPZ(to: disk.file("a.npz")) }] {
            #expect(refusal(write)?.message.contains("No space left") == true)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path).isEmpty)
    }
}
