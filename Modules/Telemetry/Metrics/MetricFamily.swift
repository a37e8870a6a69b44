/// All series of one metric name.
struct MetricFamily: Sendable {
    enum Kind: String, Sendable { case counter, gauge, histogram }

    /// Label names and values, sorted by name.
    struct Key: Hashable, Comparable, Sendable {
        let pairs: [[String]]

        init(_ labels: [String: String]) { pairs = labels.sorted { $0.key < $1.key }.map { [$0.key, $0.value] } }

        static func < (left: Key, right: Key) -> Bool {
            left.pairs.lexicographicallyPrecedes(right.pairs) { $0.lexicographicallyPrecedes($1) }
        }
    }

    let help: String
    let kind: Kind
    var series: [Key: any AnyObject & Sendable] = [:]
    /// Makes the series when they are written, in place of `series`.
    let collect: (@Sendable () -> [GaugeSample])?

    init(help: String, kind: Kind, collect: (@Sendable () -> [GaugeSample])? = nil) {
        self.help = help
        self.kind = kind
        self.collect = collect
    }

    /// The key of the series for `labels`: their own, or the shared one when there are too many.
    func key(for labels: [String: String], limit: Int) -> Key {
        let own = Key(labels)
        if series[own] != nil || series.count < limit || labels.isEmpty { return own }
        return Key(labels.mapValues { _ in "other" })
    }

    func write(name: String, to text: inout String) {
        text += "# HELP \(name) \(PrometheusText.escapeHelp(help))\n# TYPE \(name) \(kind.rawValue)\n"
        for (key, sample) in (collect?() ?? []).map({ (Key($0.labels), $0) }).sorted(by: { $0.0 < $1.0 }) {
            let labels = key.pairs.map { "\($0[0])=\"\(PrometheusText.escapeLabel($0[1]))\"" }
            PrometheusText.line(name, labels, sample.value, to: &text)
        }
        for key in series.keys.sorted() {
            let labels = key.pairs.map { "\($0[0])=\"\(PrometheusText.escapeLabel($0[1]))\"" }
            switch series[key] {
            case let metric as Counter: PrometheusText.line(name, labels, metric.value, to: &text)
            case let metric as Gauge: PrometheusText.line(name, labels, metric.value, to: &text)
            case let metric as ReadMetric: PrometheusText.line(name, labels, metric.read(), to: &text)
            case let metric as Histogram:
                let snapshot = metric.snapshot
                var cumulative: UInt64 = 0
                for (bound, count) in zip(metric.bounds + [.infinity], snapshot.counts) {
                    cumulative += count
                    let bucket = labels + ["le=\"\(PrometheusText.number(bound))\""]
                    PrometheusText.line(name + "_bucket", bucket, Double(cumulative), to: &text)
                }
                PrometheusText.line(name + "_sum", labels, snapshot.sum, to: &text)
                PrometheusText.line(name + "_count", labels, Double(cumulative), to: &text)
            default: continue
            }
        }
    }
}
