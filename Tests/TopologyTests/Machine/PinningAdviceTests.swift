import Testing

@testable import Topology

@Suite struct PinningAdviceTests {
    /// The seeds' table: number plates read in video, in milliseconds a frame.
    private static let table: [(threads: Int, shared: Double, pinned: Double, single: Double)] = [
        (4, 89.1, 123.71, 129.17), (40, 85.24, 84.42, 84.94), (74, 88.72, 88.06, 83.47),
    ]

    private var profiles: [PinningProfile] {
        Self.table.flatMap { row in
            [
                PinningProfile(threads: row.threads, isPinned: false, isSingleNUMA: false, milliseconds: row.shared),
                PinningProfile(threads: row.threads, isPinned: true, isSingleNUMA: false, milliseconds: row.pinned),
                PinningProfile(threads: row.threads, isPinned: true, isSingleNUMA: true, milliseconds: row.single),
            ]
        }
    }

    @Test func theSeedsTableIsReadAsItsAuthorsDo() {
        let advice = PinningAdvice.advise(profiles.reversed())
        #expect(advice.map(\.threads) == [4, 40, 74])
        #expect(
            advice.map { $0.findings.map(\.effect) } == [
                [.hurts, .hurts], [.noDifference, .noDifference], [.noDifference, .helps],
            ])
        #expect(advice.map(\.use) == [.shared, .shared, .singleNUMA])
        #expect(abs(advice[0].findings[0].ratio - 1.3884) < 1e-4)
        #expect(advice[0].reason.contains("threads of its own hurts by 39 %"))
        #expect(advice[2].reason.contains("a single NUMA node helps by 6 %"))
    }

    @Test func aDifferenceWithinTheNoiseIsNone() {
        func advice(spread: Double, runs: Int) -> PinningAdvice.Effect? {
            PinningAdvice.advise([
                PinningProfile(
                    threads: 8, isPinned: false, isSingleNUMA: false, milliseconds: 100, spread: spread, runs: runs),
                PinningProfile(
                    threads: 8, isPinned: true, isSingleNUMA: false, milliseconds: 90, spread: spread, runs: runs),
            ]).first?.findings.first?.effect
        }
        // 2 √(2 · 20² / 4) = 28.3 ms, and with a hundred runs 5.7 ms.
        #expect(advice(spread: 20, runs: 4) == .noDifference)
        #expect(advice(spread: 20, runs: 100) == .helps)
    }

    @Test func whatCannotBeComparedIsLeftOut() {
        #expect(PinningAdvice.advise([]) == [])
        let alone = PinningProfile(threads: 4, isPinned: true, isSingleNUMA: false, milliseconds: 5)
        #expect(PinningAdvice.advise([alone]) == [])
        let broken = PinningProfile(threads: 4, isPinned: false, isSingleNUMA: false, milliseconds: .nan)
        #expect(PinningAdvice.advise([alone, broken]) == [])
    }
}
