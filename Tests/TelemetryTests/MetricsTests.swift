import Foundation
import Synchronization
import TestKit
import Testing

@testable import Telemetry

@Suite struct MetricsTests {
    private let registry = MetricsRegistry()

    @Test func textFormat() {
        registry.counter("gedge_frames_total", help: "Frames by lane.", labels: ["lane": "model"]).increment(by: 3)
        registry.counter("gedge_frames_total", help: "Frames by lane.", labels: ["lane": "control"]).increment()
        registry.gauge("gedge_edges", help: "Edges that are there.").set(2.5)
        registry.gauge("gedge_load", help: "Load.") { -.infinity }
        let histogram = registry.histogram(
            "gedge_round_seconds", help: "A back\\slash\nand a line.", labels: ["job": "a\"b\\c\nd"],
            bounds: [0.5, 1, 10])
        for value in [0.5, 0.75, 3, 100] { histogram.observe(value) }
        #expect(
            registry.prometheusText() == #"""
                # HELP gedge_edges Edges that are there.
                # TYPE gedge_edges gauge
                gedge_edges 2.5
                # HELP gedge_frames_total Frames by lane.
                # TYPE gedge_frames_total counter
                gedge_frames_total{lane="control"} 1
                gedge_frames_total{lane="model"} 3
                # HELP gedge_load Load.
                # TYPE gedge_load gauge
                gedge_load -Inf
                # HELP gedge_round_seconds A back\\slash\nand a line.
                # TYPE gedge_round_seconds histogram
                gedge_round_seconds_bucket{job="a\"b\\c\nd",le="0.5"} 1
                gedge_round_seconds_bucket{job="a\"b\\c\nd",le="1"} 2
                gedge_round_seconds_bucket{job="a\"b\\c\nd",le="10"} 3
                gedge_round_seconds_bucket{job="a\"b\\c\nd",le="+Inf"} 4
                gedge_round_seconds_sum{job="a\"b\\c\nd"} 104.25
                gedge_round_seconds_count{job="a\"b\\c\nd"} 4

                """#)
    }

    @Test func theSameNameIsTheSameMetric() {
        let first = registry.counter("a_total", help: "")
        first.increment()
        #expect(registry.counter("a_total", help: "") === first)
        #expect(registry.counter("a_total", help: "", labels: ["x": "1"]) !== first)
    }

    @Test func countersNeverFall() {
        let counter = registry.counter("a_total", help: "")
        counter.increment(by: -1.0)
        counter.increment(by: -1)
        counter.increment(by: .nan)
        counter.increment(by: .infinity)
        #expect(counter.value == 0)
    }

    @Test func updatesFromManyThreadsAddUp() async {
        let counter = registry.counter("a_total", help: "")
        let gauge = registry.gauge("a", help: "")
        let histogram = registry.histogram("a_seconds", help: "")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for step in 0..<1000 {
                        counter.increment()
                        gauge.increment(by: 2)
                        gauge.decrement()
                        histogram.observe(Double(step % 2))
                    }
                }
            }
        }
        #expect(counter.value == 8000)
        #expect(gauge.value == 8000)
        #expect(histogram.count == 8000)
        #expect(histogram.sum == 4000)
    }

    @Test func labelsFromOutsideCannotGrowTheProcess() {
        let registry = MetricsRegistry(seriesLimit: 10)
        for number in 0..<1000 {
            registry.counter("a_total", help: "", labels: ["peer": "\(number)", "lane": "bulk"]).increment()
        }
        let lines = registry.prometheusText().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == 11)
        #expect(lines.contains("a_total{lane=\"other\",peer=\"other\"} 990"))
    }

    @Test func durationsAreInSeconds() {
        let histogram = registry.histogram("a_seconds", help: "")
        histogram.observe(.milliseconds(1500))
        histogram.observe(.nan)
        #expect(histogram.sum == 1.5)
        #expect(histogram.count == 1)
        #expect(Histogram.sizeBounds.first == 256)
        #expect(Histogram.sizeBounds.last == Double(1 << 30))
    }

    @Test func numbers() {
        #expect(PrometheusText.number(1e21) == "1e+21")
        #expect(PrometheusText.number(0.1) == "0.1")
        #expect(PrometheusText.number(-3) == "-3")
        #expect(PrometheusText.number(.nan) == "NaN")
        #expect(PrometheusText.number(.infinity) == "+Inf")
    }

    @Test(arguments: ["a", "_a", "A9:b"]) func metricNames(_ name: String) { #expect(MetricName.isMetric(name)) }

    @Test(arguments: ["", "9a", "a-b", "é", "a b"]) func badNames(_ name: String) {
        #expect(!MetricName.isMetric(name))
        #expect(!MetricName.isLabel(name))
    }

    @Test func labelNames() {
        #expect(MetricName.isLabel("lane"))
        #expect(!MetricName.isLabel("a:b"))
        #expect(!MetricName.isLabel("__a"))
    }

    @Test func aBadNameIsAProgrammersError() async {
        await #expect(processExitsWith: .failure) { _ = MetricsRegistry().counter("a-b", help: "") }
        await #expect(processExitsWith: .failure) {
            let registry = MetricsRegistry()
            _ = registry.counter("a", help: "")
            _ = registry.gauge("a", help: "")
        }
        await #expect(processExitsWith: .failure) {
            _ = MetricsRegistry().histogram("a", help: "", bounds: [2, 1])
        }
    }

    @Test func theProcessTellsItsSize() throws {
        ProcessMetrics.register(in: registry)
        var values: [Substring: Double] = [:]
        for line in registry.prometheusText().split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            values[parts[0]] = Double(parts[1])
        }
        #expect(try #require(values["process_resident_memory_bytes"]) > 1_000_000)
        #expect(try #require(values["process_cpu_seconds_total"]) > 0)
        #expect(try #require(values["process_open_fds"]) >= 3)
        #expect(try #require(values["process_threads"]) >= 1)
    }

    /// The reference parser of the format, where it is installed.
    @Test(.enabled(if: Python.has("prometheus_client"), "needs the Python package prometheus_client"))
    func theReferenceParserAgrees() async throws {
        registry.counter("a_total", help: "x\\y\nz", labels: ["k": "\"\\\n😀"]).increment(by: 7)
        let histogram = registry.histogram("b_seconds", help: "", bounds: [1])
        histogram.observe(0.5)
        let program = """
            import sys
            from prometheus_client.parser import text_string_to_metric_families
            for family in text_string_to_metric_families(sys.argv[1]):
                for s in family.samples:
                    print(s.name, sorted(s.labels.items()), float(s.value))
            """
        let output = try await Python.run(program: program, [registry.prometheusText()])
        #expect(
            output == #"""
                a_total [('k', '"\\\n😀')] 7.0
                b_seconds_bucket [('le', '1')] 1.0
                b_seconds_bucket [('le', '+Inf')] 1.0
                b_seconds_sum [] 0.5
                b_seconds_count [] 1.0

                """#)
    }
}
