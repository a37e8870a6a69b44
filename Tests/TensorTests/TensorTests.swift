import Core
import Testing

@testable import Tensor

@Suite struct TensorTests {
    @Test func shapesAreChecked() throws {
        #expect(try Tensor(zeros: []).count == 1)
        #expect(try Tensor(zeros: [0, 3]).count == 0)
        #expect(try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])[1, 0] == 4)
        for shape in [[-1], [2, -3], [Int.max, 2], [1 << 31, 1 << 31], [Int.max / 4]] {
            let error = #expect(throws: TensorError.self) { try Tensor(zeros: shape) }
            #expect(error?.kind == .invalidShape)
            #expect(error?.message.contains("\(shape)") == true)
        }
        let error = #expect(throws: TensorError.self) { try Tensor([1, 2, 3], shape: [2, 2]) }
        #expect(error?.code == "shape-mismatch")
        let bytes: [UInt8] = [0, 0, 0, 0, 0]
        let truncated = #expect(throws: TensorError.self) {
            try bytes.withUnsafeBytes { try Tensor(littleEndian: $0, shape: [1]) }
        }
        #expect(truncated?.kind == .shapeMismatch)
    }

    @Test func storageIsAlignedAndItsBytesReadBackAtAnyAlignment() throws {
        for count in [1, 7, 1000] {
            let tensor = try Tensor((0..<count).map { Float($0) - 3.25 }, shape: [count])
            #expect(UInt(bitPattern: tensor.storage.bytes.baseAddress) % 64 == 0)
            let shifted = [UInt8(0)] + Array(tensor.storage.bytes)
            let copy = try shifted.withUnsafeBytes {
                try Tensor(littleEndian: UnsafeRawBufferPointer(rebasing: $0[1...]), shape: [count])
            }
            #expect(copy == tensor)
        }
    }

    @Test func copiesAreIndependent() throws {
        let original = try Tensor([1, 2, 3, 4], shape: [2, 2])
        var copy = original
        #expect(copy.storage === original.storage, "nothing is copied before a write")
        copy[0, 0] = 9
        copy.scale(by: 2)
        #expect(original.values == [1, 2, 3, 4])
        #expect(copy.values == [18, 4, 6, 8])
        let storage = copy.storage
        copy.scale(by: 2)
        #expect(Array(storage.bytes.bindMemory(to: Float.self)) == [18, 4, 6, 8], "a handed-out buffer never changes")
    }

    @Test func writingInPlaceDoesNotCopyWhenNothingIsShared() throws {
        var tensor = try Tensor(zeros: [1024])
        let before = ObjectIdentifier(tensor.storage)
        tensor.scale(by: 3)
        tensor.withUnsafeMutableBufferPointer { $0[5] = 1 }
        #expect(ObjectIdentifier(tensor.storage) == before)
    }

    @Test func reshapingKeepsValuesAndRefusesAnotherCount() throws {
        let tensor = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        #expect(try tensor.reshaped([3, 2])[2, 1] == 6)
        #expect(throws: TensorError.self) { try tensor.reshaped([4, 2]) }
    }

    @Test func matmulHandlesEveryTransposition() throws {
        let a = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        let b = try Tensor([7, 8, 9, 10, 11, 12], shape: [3, 2])
        let product: [Float] = [58, 64, 139, 154]
        #expect(try a.matmul(b).values == product)
        let at = try Tensor([1, 4, 2, 5, 3, 6], shape: [3, 2])
        let bt = try Tensor([7, 9, 11, 8, 10, 12], shape: [2, 3])
        #expect(try at.matmul(b, transposing: .left).values == product)
        #expect(try a.matmul(bt, transposing: .right).values == product)
        #expect(try at.matmul(bt, transposing: [.left, .right]).values == product)
    }

    @Test func matmulRefusesWhatHasNoProduct() throws {
        let a = try Tensor(zeros: [2, 3])
        let error = #expect(throws: TensorError.self) { try a.matmul(a) }
        #expect(error?.message.contains("2 x 3") == true)
        #expect(throws: TensorError.self) { try a.matmul(Tensor(zeros: [3])) }
        #expect(try a.matmul(Tensor(zeros: [3, 0])).shape == [2, 0])
        #expect(try Tensor(zeros: [2, 0]).matmul(Tensor(zeros: [0, 3])).values == [0, 0, 0, 0, 0, 0])
    }

    @Test func matmulGivesTheSameBitsAgain() throws {
        var generator = SplitMix64(seed: 5)
        let a = try Tensor((0..<(57 * 91)).map { _ in Float(generator.nextNormal()) }, shape: [57, 91])
        let b = try Tensor((0..<(91 * 33)).map { _ in Float(generator.nextNormal()) }, shape: [91, 33])
        let first = try a.matmul(b)
        for _ in 0..<20 { #expect(try a.matmul(b) == first) }
    }

    @Test func labelsAreChecked() throws {
        let logits = try Tensor([1, 2, 3, 4], shape: [2, 2])
        for labels: [Int32] in [[0], [0, 1, 1], []] {
            #expect(throws: TensorError.self) { try logits.crossEntropy(labels) }
        }
        for labels: [Int32] in [[0, 2], [-1, 0]] {
            let error = #expect(throws: TensorError.self) { try logits.crossEntropyGradient(labels) }
            #expect(error?.kind == .outOfRange)
        }
    }

    @Test func argmaxTakesTheFirstOfEqualsAndRefusesNothingButNaN() throws {
        #expect(try Tensor([3, 3, 1, -.infinity, -.infinity, -.infinity], shape: [2, 3]).argmaxRows() == [0, 0])
        #expect(try Tensor([.nan, 2, 5], shape: [1, 3]).argmaxRows() == [2])
        #expect(throws: TensorError.self) { try Tensor([.nan, .nan], shape: [1, 2]).argmaxRows() }
        #expect(throws: TensorError.self) { try Tensor(zeros: [2, 0]).argmaxRows() }
    }
}
