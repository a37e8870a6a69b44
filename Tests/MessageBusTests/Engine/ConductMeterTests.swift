import Testing

@testable import MessageBus

@Suite struct ConductMeterTests {
    @Test func onlyOffencesWithinTheWindowCount() {
        let start = ContinuousClock.now
        var meter = ConductMeter(limit: 3, window: .seconds(10))
        var isTooMany = meter.offend(at: start)
        #expect(!isTooMany)
        isTooMany = meter.offend(at: start.advanced(by: .seconds(5)))
        #expect(!isTooMany)
        // The first is too old by now.
        isTooMany = meter.offend(at: start.advanced(by: .seconds(10)))
        #expect(!isTooMany)
        isTooMany = meter.offend(at: start.advanced(by: .seconds(11)))
        #expect(isTooMany)
    }
}
