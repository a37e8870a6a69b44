/// The coefficients x ≥ 0 that minimise |A x - b|, by the active-set method of Lawson and Hanson ("Solving Least Squares
/// Problems", 1974, chapter 23), on the normal equations.
///
/// The normal equations take rows one after the other and need no memory for them; their price is half the digits, which
/// measured times do not have. A column that the others already express is left out.
package struct NonNegativeLeastSquares: Sendable {
    package let columns: Int
    /// AᵀA, row after row.
    private(set) var gram: [Double]
    /// Aᵀb.
    private(set) var moments: [Double]

    /// What is left of a column's square after the others, as a share, below which it counts as expressed by them.
    private static let dependence = 1e-10
    private static let tolerance = 1e-12

    package init(columns: Int) {
        self.columns = columns
        gram = [Double](repeating: 0, count: columns * columns)
        moments = [Double](repeating: 0, count: columns)
    }

    /// Adds one row of A and b, as if it stood there `weight` times.
    /// - Precondition: the row has as many values as there are columns.
    package mutating func add(_ row: [Double], _ value: Double, weight: Double = 1) {
        precondition(row.count == columns, "a row of \(row.count) values for \(columns) columns")
        for i in 0..<columns {
            let scaled = weight * row[i]
            moments[i] += scaled * value
            for j in 0..<columns { gram[i * columns + j] += scaled * row[j] }
        }
    }

    /// The coefficients; of columns that do the same, the first has what they have together.
    package func solve() -> [Double] {
        // Columns are scaled to length one, so that a tolerance means the same for all.
        let scale = (0..<columns).map { i in
            let square = gram[i * columns + i]
            return square > 0 && square.isFinite ? 1 / square.squareRoot() : 0
        }
        var search = ActiveSet(
            size: columns,
            gram: gram.indices.map { gram[$0] * scale[$0 / columns] * scale[$0 % columns] },
            moments: moments.indices.map { moments[$0] * scale[$0] })
        search.run(usable: scale.indices.filter { scale[$0] > 0 })
        return search.solution.indices.map { search.solution[$0] * scale[$0] }
    }

    /// The search itself, over columns of length one.
    private struct ActiveSet {
        let size: Int
        let gram: [Double]
        let moments: [Double]
        var solution: [Double]
        /// The columns whose coefficients are free to be positive, ascending.
        var free: [Int] = []

        init(size: Int, gram: [Double], moments: [Double]) {
            self.size = size
            self.gram = gram
            self.moments = moments
            solution = [Double](repeating: 0, count: size)
        }

        mutating func run(usable: [Int]) {
            let scale = moments.reduce(0) { max($0, abs($1)) }
            var barred: Set<Int> = []
            // The set never comes back to where it was, in exact arithmetic; the limit is for the other kind.
            for _ in 0..<(10 * size + 10) {
                var best: (column: Int, slope: Double)?
                for column in usable where !free.contains(column) && !barred.contains(column) {
                    let slope = descent(column)
                    if slope > NonNegativeLeastSquares.tolerance * scale, slope > (best?.slope ?? 0) * (1 + 1e-9) {
                        best = (column, slope)
                    }
                }
                guard let entering = best?.column else { return }
                free.append(entering)
                free.sort()
                guard let proposal = solveFree(), proposal[entering] > 0 else {
                    free.removeAll { $0 == entering }
                    barred.insert(entering)
                    continue
                }
                barred = []
                step(to: proposal)
            }
        }

        /// How fast the square error falls as the column's coefficient grows.
        private func descent(_ column: Int) -> Double {
            free.reduce(moments[column]) { $0 - gram[column * size + $1] * solution[$1] }
        }

        /// Goes towards the least squares of the free columns, as far as no coefficient falls below zero; those that get
        /// there are free no more.
        private mutating func step(to first: [Double]) {
            var proposal = first
            while free.contains(where: { proposal[$0] <= 0 }) {
                var share = 1.0
                for column in free where proposal[column] <= 0 {
                    share = min(
                        share, solution[column] / max(solution[column] - proposal[column], .leastNormalMagnitude))
                }
                var stopped: [Int] = []
                for column in free {
                    let left = solution[column] + share * (proposal[column] - solution[column])
                    // Rounding may leave a trace of what has just reached zero.
                    let isZero = proposal[column] <= 0 && left <= 1e-12 * solution[column]
                    solution[column] = isZero ? 0 : left
                    if isZero { stopped.append(column) }
                }
                free.removeAll { stopped.contains($0) }
                guard !stopped.isEmpty, let next = solveFree() else { return }
                proposal = next
            }
            solution = proposal
        }

        /// The least squares of the free columns alone, by Cholesky's factorisation; `nil` when they depend on each other.
        private func solveFree() -> [Double]? {
            let count = free.count
            var factor = [Double](repeating: 0, count: count * count)
            var values = [Double](repeating: 0, count: count)
            for i in 0..<count {
                for j in 0...i {
                    var sum = gram[free[i] * size + free[j]]
                    for k in 0..<j { sum -= factor[i * count + k] * factor[j * count + k] }
                    if i == j {
                        guard sum > NonNegativeLeastSquares.dependence else { return nil }
                        factor[i * count + i] = sum.squareRoot()
                    } else {
                        factor[i * count + j] = sum / factor[j * count + j]
                    }
                }
                let known = (0..<i).reduce(moments[free[i]]) { $0 - factor[i * count + $1] * values[$1] }
                values[i] = known / factor[i * count + i]
            }
            for i in (0..<count).reversed() {
                let known = ((i + 1)..<count).reduce(values[i]) { $0 - factor[$1 * count + i] * values[$1] }
                values[i] = known / factor[i * count + i]
            }
            var result = [Double](repeating: 0, count: size)
            for (place, column) in free.enumerated() { result[column] = values[place] }
            return result
        }
    }
}
