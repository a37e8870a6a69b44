import Foundation
import TestKit
import Testing

@testable import Placement

@Suite struct NonNegativeLeastSquaresTests {
    /// Every set of columns is tried with NumPy's least squares; the best without a negative coefficient is the answer.
    static let oracle = """
        import itertools, json, sys
        import numpy as np
        for line in open(sys.argv[1]):
            case = json.loads(line)
            a, b = np.array(case["a"]), np.array(case["b"])
            best = float(b @ b)
            for size in range(1, a.shape[1] + 1):
                for columns in itertools.combinations(range(a.shape[1]), size):
                    part = a[:, columns]
                    x = np.linalg.lstsq(part, b, rcond=None)[0]
                    if (x >= -1e-12).all():
                        rest = part @ x - b
                        best = min(best, float(rest @ rest))
            print(best)
        """

    struct Case: Encodable {
        var a: [[Double]]
        var b: [Double]
    }

    static func random(_ generator: inout SeededGenerator) -> Case {
        let columns = Int.random(in: 1...6, using: &generator)
        let rows = Int.random(in: columns...(columns + 20), using: &generator)
        let scales = (0..<columns).map { _ in Double.random(in: -3...3, using: &generator) }
        let truth = (0..<columns).map { _ in max(0, Double.random(in: -1...1, using: &generator)) }
        let a = (0..<rows).map { _ in scales.map { pow(10, $0) * Double.random(in: -0.3...1, using: &generator) } }
        return Case(
            a: a,
            b: a.map { row in
                zip(row, truth).reduce(0) { $0 + $1.0 * $1.1 } + Double.random(in: -0.2...0.2, using: &generator)
            })
    }

    static func solve(_ given: Case) -> (x: [Double], error: Double) {
        var problem = NonNegativeLeastSquares(columns: given.a[0].count)
        for (row, value) in zip(given.a, given.b) { problem.add(row, value) }
        let x = problem.solve()
        let error = zip(given.a, given.b).reduce(0) { sum, entry in
            let rest = zip(entry.0, x).reduce(-entry.1) { $0 + $1.0 * $1.1 }
            return sum + rest * rest
        }
        return (x, error)
    }

    @Test(.enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test")) func isAsGoodAsTheBestSetOfColumns()
        async throws
    {
        var generator = SeededGenerator()
        let cases = (0..<300).map { _ in Self.random(&generator) }
        let directory = try TemporaryDirectory("nnls")
        let encoder = JSONEncoder()
        let lines = try cases.map { String(decoding: try encoder.encode($0), as: UTF8.self) }.joined(separator: "\n")
        try Data(lines.utf8).write(to: URL(fileURLWithPath: directory.file("cases")))
        let best = try await Python.run(program: Self.oracle, [directory.file("cases")]).split(separator: "\n").map {
            try #require(Double($0))
        }
        #expect(best.count == cases.count)
        for (given, best) in zip(cases, best) {
            let (x, error) = Self.solve(given)
            #expect(x.allSatisfy { $0 >= 0 })
            #expect(error <= best * (1 + 1e-6) + 1e-9)
        }
    }

    /// At the optimum no coefficient can grow, and none that is above zero can shrink, for the better (Karush, Kuhn, Tucker).
    @Test func noCoefficientCanChangeForTheBetter() {
        var generator = SeededGenerator()
        for _ in 0..<3_000 {
            let given = Self.random(&generator)
            let (x, _) = Self.solve(given)
            let rest = zip(given.a, given.b).map { row, value in value - zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } }
            for column in x.indices {
                let slope = zip(given.a, rest).reduce(0) { $0 + $1.0[column] * $1.1 }
                let size = zip(given.a, given.b).reduce(1e-12) { $0 + abs($1.0[column] * $1.1) }
                #expect(slope <= 1e-7 * size)
                if x[column] > 0 { #expect(slope >= -1e-7 * size) }
            }
        }
    }

    @Test func theFirstOfColumnsThatDoTheSameHasAll() {
        var problem = NonNegativeLeastSquares(columns: 3)
        for value in 1...5 { problem.add([Double(value), 2 * Double(value), 0], 6 * Double(value)) }
        let x = problem.solve()
        #expect(abs(x[0] - 6) < 1e-9 && x[1] == 0 && x[2] == 0)
    }

    @Test func nothingAndNonsenseGiveNumbers() {
        #expect(NonNegativeLeastSquares(columns: 2).solve() == [0, 0])
        var problem = NonNegativeLeastSquares(columns: 2)
        problem.add([1, 1], -5)
        #expect(problem.solve() == [0, 0])
        problem.add([.infinity, 1], 1)
        #expect(problem.solve().count == 2)
    }
}
