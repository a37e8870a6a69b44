import Synchronization

/// Every metric of a process, written out as Prometheus text.
///
/// Asking for a metric that exists already returns it, so that modules need not share handles. A name that is not a valid
/// metric name, or is used for two kinds of metric, is a programmer's error and stops the program. Labels may come from
/// data: past `seriesLimit` series of one metric, further label values share one series whose values are all `other`, so
/// that a peer cannot make the process grow.
public final class MetricsRegistry: Sendable {
    private let families = Mutex<[String: MetricFamily]>([:])
    private let seriesLimit: Int

    /// - Parameter seriesLimit: how many combinations of label values one metric may have.
    public init(seriesLimit: Int = 500) { self.seriesLimit = seriesLimit }

    /// The counter `name`; by convention it ends in `_total`.
    public func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
        series(name, help: help, kind: .counter, labels: labels) { Counter() }
    }

    public func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
        series(name, help: help, kind: .gauge, labels: labels) { Gauge() }
    }

    /// A gauge whose value is asked for when the text is written. `read` may be called from any thread.
    public func gauge(
        _ name: String, help: String, labels: [String: String] = [:], read: @escaping @Sendable () -> Double
    ) {
        _ = series(name, help: help, kind: .gauge, labels: labels) { ReadMetric(read: read) }
    }

    /// A gauge whose series are known when the text is written: of things that come and go. Whoever makes them bounds how many
    /// there are. `collect` may be called from any thread; its label names must be valid ones. The first one of a name stays.
    public func gauges(_ name: String, help: String, collect: @escaping @Sendable () -> [GaugeSample]) {
        precondition(MetricName.isMetric(name), "'\(name)' is not a valid metric name")
        families.withLock { families in
            if let family = families[name] {
                precondition(family.collect != nil, "metric \(name) is kept in another way already")
            } else {
                families[name] = MetricFamily(help: help, kind: .gauge, collect: collect)
            }
        }
    }

    /// A counter whose value is kept elsewhere and asked for when the text is written. `read` may be called from any
    /// thread.
    public func counter(
        _ name: String, help: String, labels: [String: String] = [:], read: @escaping @Sendable () -> Double
    ) {
        _ = series(name, help: help, kind: .counter, labels: labels) { ReadMetric(read: read) }
    }

    /// - Parameter bounds: the inclusive upper bounds of the buckets, ascending; the last, infinite one is implied.
    public func histogram(
        _ name: String, help: String, labels: [String: String] = [:], bounds: [Double] = Histogram.durationBounds
    ) -> Histogram {
        precondition(
            !bounds.isEmpty && bounds.allSatisfy(\.isFinite) && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 },
            "the bounds of histogram \(name) must be finite and ascend")
        precondition(labels["le"] == nil, "histogram \(name) uses the label 'le' itself")
        return series(name, help: help, kind: .histogram, labels: labels) { Histogram(bounds: bounds) }
    }

    /// Every metric in Prometheus' text exposition format 0.0.4, sorted by name and labels.
    public func prometheusText() -> String {
        let snapshot = families.withLock { $0 }
        var text = ""
        for name in snapshot.keys.sorted() {
            if let family = snapshot[name] { family.write(name: name, to: &text) }
        }
        return text
    }

    private func series<Metric: AnyObject & Sendable>(
        _ name: String, help: String, kind: MetricFamily.Kind, labels: [String: String], make: () -> Metric
    ) -> Metric {
        precondition(MetricName.isMetric(name), "'\(name)' is not a valid metric name")
        for label in labels.keys { precondition(MetricName.isLabel(label), "'\(label)' is not a valid label name") }
        return families.withLock { families in
            var family = families[name] ?? MetricFamily(help: help, kind: kind)
            precondition(family.collect == nil, "metric \(name) is kept in another way already")
            precondition(family.kind == kind, "metric \(name) is a \(family.kind.rawValue) already")
            let key = family.key(for: labels, limit: seriesLimit)
            if let known = family.series[key] {
                guard let metric = known as? Metric else {
                    preconditionFailure("metric \(name) is kept in another way already")
                }
                return metric
            }
            let metric = make()
            family.series[key] = metric
            families[name] = family
            return metric
        }
    }
}

/// A metric whose value is asked for when it is written.
final class ReadMetric: Sendable {
    let read: @Sendable () -> Double

    init(read: @escaping @Sendable () -> Double) { self.read = read }
}
