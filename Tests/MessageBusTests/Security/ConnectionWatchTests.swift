import Testing

@testable import MessageBus

@Suite("Connection watch")
struct ConnectionWatchTests {
    private var watch = ConnectionWatch(limit: 100)

    @Test("a connection that receives beyond the limit and delivers nothing is cut after a few looks")
    mutating func endless() {
        watch.begin(7)
        var verdicts: [Bool] = []
        for received: UInt64 in [50, 100, 101, 150, 200] {
            verdicts.append(watch.check(7, received: received, deliveries: 0))
        }
        #expect(verdicts == [false, false, false, false, true])
    }

    @Test("whoever finishes messages may send as much as it likes")
    mutating func honest() {
        watch.begin(7)
        for number: UInt64 in 1...1000 {
            let isCut = watch.check(7, received: number * 10_000, deliveries: number)
            #expect(!isCut)
        }
        #expect(!watch.isAlarmed)
    }

    @Test("a reader that was late for two looks is no offence of the peer")
    mutating func late() {
        watch.begin(7)
        for received: UInt64 in [101, 5000] {
            let isCut = watch.check(7, received: received, deliveries: 0)
            #expect(!isCut)
        }
        #expect(watch.isAlarmed)
        for (received, deliveries) in [(6000, 1), (6050, 1), (6100, 1), (6100, 1), (6100, 1)] as [(UInt64, UInt64)] {
            let isCut = watch.check(7, received: received, deliveries: deliveries)
            #expect(!isCut)
        }
        #expect(!watch.isAlarmed)
    }

    @Test("a connection that ended, and another under its number, begin anew")
    mutating func reuse() {
        watch.begin(7)
        for _ in 0..<2 { _ = watch.check(7, received: 1000, deliveries: 0) }
        watch.end(7)
        #expect(watch.isEmpty)
        let isUnknownCut = watch.check(7, received: 1000, deliveries: 0)
        #expect(!isUnknownCut)
        watch.begin(7)
        // The counter of the connection before is still there at first.
        let isCut = watch.check(7, received: 90, deliveries: 12)
        #expect(!isCut)
        #expect(watch.descriptors == [7])
    }
}
