import Core
import Foundation
import TestKit
import Testing

@testable import Tensor

/// The same work by NumPy in float64, on the same bytes.
@Suite struct NumPyOracleTests {
    private static let program = """
        import sys, numpy as np
        folder = sys.argv[1]
        m, k, n = (int(v) for v in sys.argv[2:5])
        read = lambda name, *shape: np.fromfile(f"{folder}/{name}", "<f4").reshape(shape).astype("f8")
        a, b = read("a", m, k), read("b", k, n)
        labels = np.fromfile(f"{folder}/labels", "<i4")
        logits = a @ b
        shifted = logits - logits.max(axis=1, keepdims=True)
        softmax = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        gradient = (softmax - np.eye(n)[labels]) / m
        loss = -np.log(softmax[np.arange(m), labels]).mean()
        for name, value in [("product", logits), ("softmax", softmax), ("gradient", gradient)]:
            value.astype("<f8").tofile(f"{folder}/{name}")
        print(repr(float(loss)), repr(float(a.sum())), repr(float(np.linalg.norm(a))))
        """

    @Test(.enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test"))
    func productsSoftmaxAndLossAgreeWithNumPy() async throws {
        for (m, k, n, seed) in [(1, 1, 2, 1), (7, 3, 5, 2), (33, 65, 10, 3), (128, 257, 100, 4)] {
            var generator = SplitMix64(seed: UInt64(seed), labels: "numpy")
            let a = try Tensor((0..<(m * k)).map { _ in Float(generator.nextNormal()) }, shape: [m, k])
            let b = try Tensor((0..<(k * n)).map { _ in Float(generator.nextNormal()) }, shape: [k, n])
            let labels = (0..<m).map { _ in Int32(generator.next() % UInt64(n)) }
            let folder = try TemporaryDirectory("tensor-oracle")
            try Data(a.storage.bytes).write(to: URL(fileURLWithPath: folder.file("a")))
            try Data(b.storage.bytes).write(to: URL(fileURLWithPath: folder.file("b")))
            try labels.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: folder.file("labels")))
            let printed = try await Python.run(
                program: Self.program, [folder.path, String(m), String(k), String(n)])
            let numbers = printed.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            try #require(numbers.count == 3)

            let logits = try a.matmul(b)
            var softmax = logits
            softmax.softmaxRows()
            // A product of k terms has a relative error of about sqrt(k) · 2⁻²⁴; logits reach about sqrt(k) · 4.
            let tolerance = 1e-6 * Double(k).squareRoot() * 4
            try expect(logits, folder.file("product"), within: tolerance)
            try expect(softmax, folder.file("softmax"), within: tolerance)
            try expect(try logits.crossEntropyGradient(labels), folder.file("gradient"), within: tolerance)
            let loss = try logits.crossEntropy(labels)
            #expect(abs(loss - numbers[0]) <= tolerance)
            #expect(abs(a.sum - numbers[1]) <= 1e-5 * Double(m * k).squareRoot())
            #expect(abs(a.norm - numbers[2]) <= 1e-5 * a.norm)
        }
    }

    private func expect(_ tensor: Tensor, _ path: String, within tolerance: Double) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let expected = data.withUnsafeBytes { bytes in
            (0..<(bytes.count / 8)).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
        }
        try #require(expected.count == tensor.count)
        let worst = zip(tensor.values, expected).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(worst <= tolerance, "\(URL(fileURLWithPath: path).lastPathComponent)")
    }
}
