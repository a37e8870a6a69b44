import Core
import Testing

@testable import GEdgeCommand

struct LinkTextTests {
    @Test func measurementsHaveUnitsThatPeopleRead() {
        #expect(
            [0.0000421, 0.00123, 0.0456, 0.456, 1.26, 75].map(LinkText.time) == [
                "0.042 ms", "1.23 ms", "45.6 ms", "456 ms", "1.3 s", "75 s",
            ])
        #expect(LinkText.time(.nan) == "unknown")
        #expect([1, 999, 1000, 1500, 100_000_000].map(LinkText.size) == ["1 B", "999 B", "1 kB", "1.5 kB", "100 MB"])
        #expect(
            [0, 999.6, 812.4e6, 1.25e9, 3.2e15].map(LinkText.rate) == [
                "0 B/s", "1.0 kB/s", "812 MB/s", "1.3 GB/s", "3200 TB/s",
            ])
        #expect(LinkText.brief(1.25e6) == "1.3M")
        #expect([0, 0.001, 0.5, 0.999, 1].map(LinkText.share) == ["0%", "<1%", "50%", "99%", "100%"])
        let now = Timestamp(milliseconds: 1_000_000)
        #expect(LinkText.age(of: nil, at: now) == "never")
        #expect(LinkText.age(of: now.advanced(by: .seconds(5)), at: now) == "just now")
        #expect(LinkText.age(of: now.advanced(by: .milliseconds(-3400)), at: now) == "3s ago")
    }
}
