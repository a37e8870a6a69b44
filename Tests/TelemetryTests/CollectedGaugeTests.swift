import Synchronization
import Telemetry
import Testing

@Suite struct CollectedGaugeTests {
    @Test func seriesAreThoseThereAreWhenTheTextIsWritten() {
        let registry = MetricsRegistry(seriesLimit: 1)
        let names = Mutex(["b", "a\"c"])
        registry.gauges("gedge_test_load", help: "A load.") {
            names.withLock { $0 }.map { GaugeSample(labels: ["site": $0], value: 0.5) }
        }
        #expect(
            registry.prometheusText() == """
                # HELP gedge_test_load A load.
                # TYPE gedge_test_load gauge
                gedge_test_load{site="a\\"c"} 0.5
                gedge_test_load{site="b"} 0.5

                """)
        names.withLock { $0 = [] }
        #expect(!registry.prometheusText().contains("site="))
    }
}
