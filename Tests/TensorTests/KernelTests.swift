import Core
import Testing

@testable import Tensor

/// A buffer that starts `offset` values behind a 64-byte boundary, so that alignment is what a test says it is.
private func withMisaligned<Result>(
    _ values: [Float], offset: Int, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
) rethrows -> Result {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: (values.count + offset + 1) * 4, alignment: 64)
    defer { memory.deallocate() }
    let base = memory.advanced(by: offset * 4).bindMemory(to: Float.self, capacity: values.count + 1)
    let buffer = UnsafeMutableBufferPointer(start: base, count: values.count)
    _ = buffer.initialize(from: values)
    return try body(buffer)
}

private func normals(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SplitMix64(seed: seed)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
}

@Suite struct KernelTests {
    /// Lengths around every step of the loops: 16, 64, and the reduction's block.
    static let lengths = [0, 1, 2, 15, 16, 17, 63, 64, 65, 79, 80, 127, 128, 129, 4095, 4096, 4097, 4177, 9000]

    @Test(arguments: lengths) func reductionsAgreeWithFloat64(count: Int) {
        let x = normals(count, seed: 1)
        let y = normals(count, seed: 2)
        let sum = x.reduce(0.0) { $0 + Double($1) }
        let bound = 70 * 0x1p-24 * x.reduce(1e-9) { $0 + abs(Double($1)) }
        x.withUnsafeBufferPointer { x in
            #expect(abs(Kernels.sum(x) - sum) <= bound)
            let squares = x.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(Kernels.sumOfSquares(x) - squares) <= 70 * 0x1p-24 * squares)
            y.withUnsafeBufferPointer { y in
                let products = zip(x, y).map { Double($0) * Double($1) }
                let total = products.reduce(1e-9) { $0 + abs($1) }
                #expect(abs(Kernels.dot(x, y) - products.reduce(0, +)) <= 70 * 0x1p-24 * total)
            }
        }
    }

    @Test(arguments: lengths) func alignmentChangesNoBit(count: Int) {
        let x = normals(count, seed: 3)
        let reference = x.withUnsafeBufferPointer { (Kernels.sum($0), Kernels.sumOfSquares($0), Kernels.dot($0, $0)) }
        for offset in [0, 1, 3, 4, 7, 15] {
            withMisaligned(x, offset: offset) { moved in
                let moved = UnsafeBufferPointer(moved)
                #expect(Kernels.sum(moved) == reference.0)
                #expect(Kernels.sumOfSquares(moved) == reference.1)
                #expect(Kernels.dot(moved, moved) == reference.2)
            }
        }
    }

    @Test(arguments: lengths.filter { $0 > 0 }) func oneBadValueIsFound(count: Int) {
        var x = normals(count, seed: 4)
        #expect(x.withUnsafeBufferPointer(Kernels.isFinite))
        for bad in [Float.nan, .infinity, -.infinity] {
            for position in Set([0, count / 2, count - 1]) {
                let kept = x[position]
                x[position] = bad
                #expect(!x.withUnsafeBufferPointer(Kernels.isFinite), "\(bad) at \(position) of \(count)")
                x[position] = kept
            }
        }
        x[0] = .greatestFiniteMagnitude
        x[count - 1] = -.greatestFiniteMagnitude
        #expect(x.withUnsafeBufferPointer(Kernels.isFinite), "the largest numbers are finite")
    }

    @Test func anEmptyBufferIsFiniteAndSumsToZero() {
        let empty = UnsafeBufferPointer<Float>(start: nil, count: 0)
        #expect(Kernels.isFinite(empty))
        #expect(Kernels.sum(empty) == 0)
        #expect(Kernels.maximum(empty) == -.infinity)
        #expect(Kernels.indexOfMaximum(empty) == nil)
    }

    @Test(arguments: lengths) func elementwiseKernelsDoWhatTheirFormulasSay(count: Int) {
        let x = normals(count, seed: 5)
        let y = normals(count, seed: 6)
        withMisaligned(y, offset: 3) { result in
            x.withUnsafeBufferPointer { Kernels.axpy(1.5, $0, into: result) }
            #expect(Array(result) == zip(x, y).map { $1 + $0 * 1.5 })
            Kernels.scale(result, by: -2)
            #expect(Array(result) == zip(x, y).map { ($1 + $0 * 1.5) * -2 })
            Kernels.relu(result)
            #expect(Array(result) == zip(x, y).map { max(0, ($1 + $0 * 1.5) * -2) })
        }
        withMisaligned(y, offset: 1) { gradient in
            x.withUnsafeBufferPointer { Kernels.reluGradient(gradient, output: $0) }
            #expect(Array(gradient) == zip(x, y).map { $0 > 0 ? $1 : 0 })
        }
    }

    @Test func reluKeepsNaNToBeSeen() {
        var values = [Float](repeating: -1, count: 20)
        values[3] = .nan
        values[18] = .nan
        values.withUnsafeMutableBufferPointer { Kernels.relu($0) }
        #expect(values[3].isNaN && values[18].isNaN)
        #expect(values.filter { !$0.isNaN }.allSatisfy { $0 == 0 })
    }

    @Test func rowsAreAddedAndSummed() {
        var matrix: [Float] = [1, 2, 3, 4, 5, 6]
        matrix.withUnsafeMutableBufferPointer { matrix in
            [Float(10), 20, 30].withUnsafeBufferPointer { Kernels.addRow($0, toEachRowOf: matrix) }
        }
        #expect(matrix == [11, 22, 33, 14, 25, 36])
        var sums: [Float] = [9, 9, 9]
        matrix.withUnsafeBufferPointer { matrix in
            sums.withUnsafeMutableBufferPointer { Kernels.sumOfRows(matrix, into: $0) }
        }
        #expect(sums == [25, 47, 69])
    }

    @Test func softmaxIsStableForLargeLogits() {
        var logits: [Float] = [1000, 1001, 999, -1000, 0, 1000]
        logits.withUnsafeMutableBufferPointer { Kernels.softmaxRows($0, columns: 3) }
        let e = [0.24472847, 0.66524096, 0.09003057]
        for i in 0..<3 { #expect(abs(Double(logits[i]) - e[i]) < 1e-6) }
        #expect(logits[3] == 0 && logits[4] == 0 && logits[5] == 1)
        #expect(logits.allSatisfy { $0.isFinite })
    }

    @Test func crossEntropyIsStableForLargeLogits() {
        let logits: [Float] = [1000, 0, 0, 1000]
        let labels: [Int32] = [0, 0]
        let loss = logits.withUnsafeBufferPointer { logits in
            labels.withUnsafeBufferPointer { Kernels.crossEntropy(logits: logits, labels: $0, columns: 2) }
        }
        #expect(loss == 1000, "the first row is certain and right, the second certain and wrong")
    }
}
