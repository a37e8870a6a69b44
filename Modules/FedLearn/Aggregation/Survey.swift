import Contracts
import Core
import Tensor

/// What was measured of a round's updates, span by span: how far each lies from the model the round started from, whether it
/// is made of numbers, and how far they lie from each other.
struct Survey: Sendable {
    /// Values that are measured at once. Sums are folded into float64 behind as many, so where spans end changes no bit.
    static let block = 4096

    /// ‖update − base‖²; infinite when it is out of float32's range.
    private(set) var squaredNorms: [Double]
    /// Of the pairs (0, 1), (0, 2), …, (1, 2), …; empty unless asked for.
    private(set) var squaredDistances: [Double] = []
    /// The first tensor in which an update holds NaN or infinity.
    private(set) var notFinite: [Int: String] = [:]

    init(count: Int, measures: StrategyMeasures) {
        squaredNorms = Array(repeating: 0, count: count)
        if measures.contains(.distances) {
            squaredDistances = Array(repeating: 0, count: count * (count - 1) / 2)
        }
    }

    /// Measures a span of one update, at most a block long.
    mutating func add(_ update: Int, _ values: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer, tensor: String) {
        let square = Kernels.squaredDistance(values, base)
        squaredNorms[update] += square
        // NaN and infinity stay in a sum, but a finite difference may have a square that is not.
        guard !square.isFinite, notFinite[update] == nil else { return }
        for index in 0..<ModelValues(values).count where !ModelValues(values)[index].isFinite {
            notFinite[update] = tensor
            return
        }
        squaredNorms[update] = .infinity
    }

    /// Measures a span of all updates against each other, at most a block long.
    mutating func addDistances(_ values: [UnsafeRawBufferPointer]) {
        var pair = 0
        for i in values.indices {
            for j in values.indices.dropFirst(i + 1) {
                squaredDistances[pair] += Kernels.squaredDistance(values[i], values[j])
                pair += 1
            }
        }
    }
}

/// Which updates of a round cannot be combined with the others.
struct Exclusions: Sendable {
    /// How many times the others' norm an update's may be, unless a job says otherwise.
    static let standardNormRatio = 100.0

    var maximumNormRatio = standardNormRatio

    /// - Returns: the reasons, by index: not made of numbers, or so many times as far from the base as the median of the others.
    ///   Of fewer than three updates nobody can say which is the odd one. Updates that are out already count no more.
    func reasons(in survey: Survey) -> [Int: String] {
        var reasons = survey.notFinite.mapValues { "its update holds NaN or infinity in tensor '\($0)'" }
        let norms = survey.squaredNorms.map { $0.squareRoot() }
        while true {
            let left = norms.indices.filter { reasons[$0] == nil }.sorted { norms[$0] < norms[$1] }
            // The farthest first: without it the others are judged anew.
            guard left.count >= 3, let last = left.last else { return reasons }
            let median = left.dropLast().map { norms[$0] }.median
            guard median > 0, norms[last] > maximumNormRatio * median else { return reasons }
            reasons[last] =
                "its update is \(Self.text(norms[last] / median)) times as large as the others' (norm \(Self.text(norms[last])), "
                + "their median \(Self.text(median))); the limit is \(Self.text(maximumNormRatio)) times"
        }
    }

    /// Four digits of a number.
    private static func text(_ value: Double) -> String {
        guard value.isFinite, value > 0 else { return "\(value)" }
        var scale = 1.0
        while value / scale >= 10_000 && scale < 1e300 { scale *= 10 }
        while value / scale < 1000 && scale > 1e-300 { scale /= 10 }
        return StrategyParameter.text((value / scale).rounded() * scale)
    }
}
