/// What a figure was over some reports.
struct HistorySummary: Sendable, Hashable {
    var minimum: Float
    var mean: Float
    var maximum: Float
    var count: UInt32

    init(minimum: Float, mean: Float, maximum: Float, count: UInt32) {
        self.minimum = minimum
        self.mean = mean
        self.maximum = maximum
        self.count = count
    }

    init(_ value: Double) { self.init(minimum: Float(value), mean: Float(value), maximum: Float(value), count: 1) }

    /// Both together; the means weigh as much as the reports they are of.
    mutating func merge(_ other: HistorySummary) {
        let (mine, others) = (Double(count), Double(other.count))
        mean = Float((Double(mean) * mine + Double(other.mean) * others) / (mine + others))
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        count = count.addingReportingOverflow(other.count).overflow ? .max : count + other.count
    }
}
