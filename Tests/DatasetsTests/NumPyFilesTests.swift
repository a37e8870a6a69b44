import Core
import Foundation
import TestKit
import Testing

@testable import Datasets

/// Files that NumPy wrote are read; files that this module wrote are read by NumPy.
@Suite(.enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test")) struct NumPyFilesTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("numpy-files") }

    @Test func everyTypeOrderAndByteOrderIsRead() async throws {
        try await Python.run(
            program: """
                import sys, numpy as np
                folder = sys.argv[1]
                base = (np.arange(2 * 3 * 4) * 5 % 23).reshape(2, 3, 4)
                for kind in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4",
                             ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8"]:
                    for order in "CF":
                        name = kind.replace("<", "l").replace(">", "b") + order
                        np.save(f"{folder}/{name}.npy", np.array(base, kind, order=order))
                np.save(f"{folder}/labels.npy", np.array([3, 0], "int64"))
                np.save(f"{folder}/bool.npy", base > 10)
                """, [directory.path])
        let expected = (0..<24).map { Float($0 * 5 % 23) }
        var read = 0
        for kind in ["f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"] {
            for order in ["C", "F"] {
                for prefix in kind.hasSuffix("1") ? [""] : ["l", "b"] {
                    let name = prefix + kind + order
                    let data = try DatasetSource(
                        path: directory.file("\(name).npy"), labelsPath: directory.file("labels.npy")
                    ).load()
                    #expect(data.features == expected, "\(name)")
                    #expect(data.featureCount == 12)
                    #expect(data.labels == [3, 0])
                    read += 1
                }
            }
        }
        #expect(read == 40)
        let flags = try DatasetSource(path: directory.file("bool.npy"), labelsPath: directory.file("labels.npy")).load()
        #expect(flags.features == expected.map { $0 > 10 ? 1 : 0 })
    }

    @Test func archivesOfBothKindsAreRead() async throws {
        try await Python.run(
            program: """
                import sys, numpy as np
                folder = sys.argv[1]
                x = np.random.default_rng(3).normal(size=(50, 6)).astype("f4")
                y = np.arange(50) % 4
                np.savez(f"{folder}/plain.npz", x=x, y=y)
                np.savez_compressed(f"{folder}/packed.npz", x=x, y=y, other=np.zeros(3))
                np.savez(f"{folder}/odd.npz", first=x, second=y)
                x.tofile(f"{folder}/x.raw")
                """, [directory.path])
        let raw = try Data(contentsOf: URL(fileURLWithPath: directory.file("x.raw")))
        let expected = raw.withUnsafeBytes { bytes in
            (0..<300).map { Float(bitPattern: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)) }
        }
        for name in ["plain", "packed"] {
            let data = try DatasetSource(path: directory.file("\(name).npz")).load()
            #expect(data.features == expected)
            #expect(data.labels == (0..<50).map { Int32($0 % 4) })
        }
        let odd = DatasetSource(path: directory.file("odd.npz"))
        let error = try #require(refusal { _ = try odd.load() })
        #expect(error.message.contains("featuresKey") && error.message.contains("first, second"), "\(error.message)")
        var named = odd
        named.featuresKey = "first"
        named.labelsKey = "second"
        #expect(try named.load().features == expected)
    }

    @Test func numPyReadsWhatIsWritten() async throws {
        let data = try LabelledData(
            features: [1.5, -2, 0.1, 3e-20, 65504, 7], labels: [0, 2, 1], featureCount: 2, classCount: 3)
        try data.writeNPZ(to: directory.file("out.npz"))
        try data.writeNPY(features: directory.file("x.npy"), labels: directory.file("y.npy"))
        try data.subset([]).writeNPZ(to: directory.file("empty.npz"))
        try data.writeCSV(to: directory.file("out.csv"), header: ["a", "b,\"c\"", "label"])
        let printed = try await Python.run(
            program: """
                import sys, zipfile, csv, numpy as np
                folder = sys.argv[1]
                assert zipfile.ZipFile(f"{folder}/out.npz").testzip() is None
                assert zipfile.ZipFile(f"{folder}/empty.npz").testzip() is None
                assert np.load(f"{folder}/empty.npz")["features"].shape == (0, 2)
                z = np.load(f"{folder}/out.npz")
                x, y = np.load(f"{folder}/x.npy"), np.load(f"{folder}/y.npy")
                want = np.array([[1.5, -2], [0.1, 3e-20], [65504, 7]], "f4")
                for features, labels in [(z["features"], z["labels"]), (x, y)]:
                    assert features.dtype == np.float32 and labels.dtype == np.int32
                    assert (features == want).all() and (labels == [0, 2, 1]).all()
                rows = list(csv.reader(open(f"{folder}/out.csv", newline="")))
                assert rows[0] == ["a", 'b,"c"', "label"], rows[0]
                assert (np.array(rows[1:]).astype("f4") == np.c_[want, [0, 2, 1]].astype("f4")).all()
                print("same")
                """, [directory.path])
        #expect(printed == "same\n")
    }
}
