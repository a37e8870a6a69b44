import Testing

@testable import Tensor

@Suite struct BLASTests {
    @Test func openingAgainGivesTheSameLibrary() throws {
        let first = try BLAS.shared().coreName
        let second = try BLAS.shared().coreName
        #expect(first == second)
        #expect(!first.isEmpty)
    }

    @Test func alphaAndBetaScaleProductAndResult() throws {
        let a: [Float] = [1, 2]
        let b: [Float] = [3, 4]
        var c: [Float] = [100]
        let blas = try BLAS.shared()
        blas.multiply(a, b, into: &c, m: 1, n: 1, k: 2, alpha: 2, beta: 0.5)
        #expect(c == [72])
    }
}
