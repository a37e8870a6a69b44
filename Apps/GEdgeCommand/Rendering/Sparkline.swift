/// Figures over time as text.
enum Sparkline {
    /// One line, a character for each value, from `low` to `high`; a space where nothing is known.
    static func line(_ values: [Double?], low: Double = 0, high: Double, isUnicode: Bool) -> String {
        let levels = Array(isUnicode ? "▁▂▃▄▅▆▇█" : "_.,-=+*#")
        return String(values.map { $0.map { levels[level($0, low, high, levels.count)] } ?? " " })
    }

    /// Lines from the top, `height` of them, in which a value fills its column from below.
    static func plot(_ values: [Double?], low: Double = 0, high: Double, height: Int, isUnicode: Bool) -> [String] {
        let parts = Array(isUnicode ? " ▁▂▃▄▅▆▇█" : "  ..::##")
        let steps = parts.count - 1
        return (0..<height).reversed().map { row in
            String(
                values.map { value in
                    guard let value else { return " " }
                    // The lowest value there is shows as the smallest mark, so that it differs from none.
                    let filled = max(1, level(value, low, high, height * steps + 1))
                    return parts[min(steps, max(0, filled - row * steps))]
                })
        }
    }

    /// Which of `count` levels a value belongs to.
    private static func level(_ value: Double, _ low: Double, _ high: Double, _ count: Int) -> Int {
        guard high > low, value.isFinite else { return 0 }
        return min(count - 1, max(0, Int((value - low) / (high - low) * Double(count))))
    }

    /// The mean of each of `columns` equal stretches from `from` up to `to`, in milliseconds; `nil` where there is no point.
    static func columns(_ points: [(time: Int64, value: Double)], from: Int64, to: Int64, columns: Int) -> [Double?] {
        var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: columns)
        for point in points where point.time >= from && point.time < to && to > from {
            let column = Int(Double(point.time - from) / Double(to - from) * Double(columns))
            sums[min(columns - 1, column)].sum += point.value
            sums[min(columns - 1, column)].count += 1
        }
        return sums.map { $0.count > 0 ? $0.sum / Double($0.count) : nil }
    }
}
