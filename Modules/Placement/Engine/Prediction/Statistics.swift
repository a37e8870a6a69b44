/// Order statistics of weighted values, and Student's t.
enum Statistics {
    /// The least value up to which at least `share` of the weight lies; `nil` without weight.
    static func quantile(_ share: Double, _ values: [(value: Double, weight: Double)]) -> Double? {
        let total = values.reduce(0) { $0 + $1.weight }
        guard total > 0 else { return nil }
        return least(reaching: share * total, values)
    }

    /// The least value up to which the weights add up to `weight`; `nil` when they do not.
    static func least(reaching weight: Double, _ values: [(value: Double, weight: Double)]) -> Double? {
        var sum = 0.0
        for entry in values.sorted(by: { ($0.value, $0.weight) < ($1.value, $1.weight) }) where entry.weight > 0 {
            sum += entry.weight
            if sum >= weight * (1 - 1e-12) { return entry.value }
        }
        return nil
    }

    static func median(_ values: [(value: Double, weight: Double)]) -> Double? { quantile(0.5, values) }

    /// The bound that Student's t with `freedom` degrees exceeds with probability 0.05; within 0.5 % of the tables.
    static func studentBound(_ freedom: Double) -> Double {
        let table = [6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812]
        guard freedom.isFinite, freedom >= 1 else { return freedom.isFinite ? table[0] : 1.645 }
        if freedom < 10 {
            let below = Int(freedom)
            let share = freedom - Double(below)
            return table[below - 1] * (1 - share) + table[below] * share
        }
        return 1.6449 + 1.524 / freedom + 1.4 / (freedom * freedom)
    }
}
