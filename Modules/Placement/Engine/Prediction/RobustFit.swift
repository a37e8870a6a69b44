/// A non-negative least squares fit of times, in which what counts is the relative error and in which runs that do not fit
/// count little or nothing.
///
/// Iteratively reweighted: each row is divided by the time that the fit before gave it, and weighed first so that absolute
/// relative residuals are least, then by Tukey's biweight of its relative residual (Beaton and Tukey, Technometrics 1974). A run during which the machine was suspended, or whose clock
/// was wrong, is left out so; less than half of the weight may be such.
struct RobustFit: Sendable {
    struct Row: Sendable {
        var terms: [Double]
        /// What was measured; above zero.
        var seconds: Double
        var weight: Double
        /// A row of belief rather than measurement: it takes no part in residuals.
        var isPrior = false
    }

    private(set) var coefficients: [Double]
    /// Standard deviation of relative residuals, robust, with a correction for the coefficients that were fitted.
    private(set) var spread = 0.0
    /// Relative residuals of the measured rows, each as if its row had not been fitted, with the rows' weights.
    private(set) var residuals: [(value: Double, weight: Double)] = []
    /// Inverse of the weighted normal matrix of the columns in use.
    private var covariance = SmallMatrix(size: 0)
    private var used: [Int] = []

    /// Relative residuals below which rows are never thought to be wrong: clocks and schedulers are not better.
    private static let leastSpread = 0.01
    private static let cutoff = 4.685
    /// Passes that look for what most of the weight agrees on, and passes that refine it.
    private static let searches = 8
    private static let refinements = 8

    /// - Parameter rate: a first guess of the time of each row.
    /// - Precondition: at least one row; terms are not negative, and not all of a row are zero.
    init(_ rows: [Row], guess: (Row) -> Double) {
        let columns = rows[0].terms.count
        var weights = rows.map(\.weight)
        var denominators = rows.map { max($0.seconds, guess($0)) }
        coefficients = []
        for pass in 0...(Self.searches + Self.refinements) {
            var squares = NonNegativeLeastSquares(columns: columns)
            for (index, row) in rows.enumerated() where weights[index] > 0 {
                let scale = 1 / denominators[index]
                squares.add(row.terms.map { $0 * scale }, row.seconds * scale, weight: weights[index])
            }
            coefficients = squares.solve()
            if pass == Self.searches + Self.refinements { break }
            denominators = rows.map { max(Self.value(coefficients, $0.terms), .leastNormalMagnitude) }
            let errors = rows.indices.map { rows[$0].seconds / denominators[$0] - 1 }
            weights = pass < Self.searches ? Self.absolute(rows, errors) : Self.biweight(rows, errors)
        }
        used = coefficients.indices.filter { coefficients[$0] > 0 }
        covariance = SmallMatrix(size: used.count)
        let values = rows.map { max(Self.value(coefficients, $0.terms), .leastNormalMagnitude) }
        for (index, row) in rows.enumerated() {
            covariance.add(used.map { row.terms[$0] / values[index] }, weight: weights[index])
        }
        covariance.invert()
        judge(rows, values, weights)
    }

    /// Weights that make squares count as absolute values, whose least sum goes with the majority.
    private static func absolute(_ rows: [Row], _ errors: [Double]) -> [Double] {
        zip(rows, errors).map { row, error in row.isPrior ? row.weight : row.weight * 0.1 / max(abs(error), 0.005) }
    }

    private static func biweight(_ rows: [Row], _ errors: [Double]) -> [Double] {
        let sizes = zip(rows, errors).map { row, error in (value: abs(error), weight: row.isPrior ? 0 : row.weight) }
        let scale = max(leastSpread, 1.4826 * (Statistics.median(sizes) ?? 0))
        return zip(rows, errors).map { row, error in
            let share = error / (cutoff * scale)
            let keep = max(0, 1 - share * share)
            return row.isPrior ? row.weight : row.weight * keep * keep
        }
    }

    private mutating func judge(_ rows: [Row], _ values: [Double], _ weights: [Double]) {
        var (squares, total) = (0.0, 0.0)
        for (index, row) in rows.enumerated() where !row.isPrior {
            let error = row.seconds / values[index] - 1
            let pull = weights[index] * covariance.form(used.map { row.terms[$0] / values[index] })
            residuals.append((error / max(0.1, 1 - pull), row.weight))
            squares += weights[index] * error * error
            total += weights[index]
        }
        // Weights fall with age, so what counts as one run is the newest one's weight.
        let one = rows.reduce(0) { max($0, $1.isPrior ? 0 : $1.weight) }
        let runs = one > 0 ? total / one : 0
        spread = total > 0 ? (squares / total * runs / max(1, runs - Double(used.count))).squareRoot() : 0
    }

    /// Seconds for a row's terms.
    func seconds(_ terms: [Double]) -> Double { Self.value(coefficients, terms) }

    /// The variance of the fitted relative time at `terms`, as a multiple of that of one run.
    func leverage(_ terms: [Double]) -> Double {
        let value = max(seconds(terms), .leastNormalMagnitude)
        return covariance.form(used.map { terms[$0] / value })
    }

    private static func value(_ coefficients: [Double], _ terms: [Double]) -> Double {
        zip(coefficients, terms).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
