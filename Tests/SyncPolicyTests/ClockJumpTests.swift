import Contracts
import Core
import Store
import TestKit
import Testing

@testable import DataSync

/// What moves on a schedule while the time of day jumps by hours: nothing waits longer than a turn, and no turn comes twice.
@Suite(.timeLimit(.minutes(2))) struct ClockJumpTests {
    private static let turn = 900

    @Test(arguments: ["every 15m", "'*/15 * * * *'"]) func turnsComeOnceWhateverTheTimeOfDay(_ schedule: String)
        async throws
    {
        var random = SeededGenerator(test: schedule)
        let directory = try TemporaryDirectory("clock")
        let clock = ManualWallClock(noon)
        let core = try await PolicyCore.open(directory.file("core"), clock: clock)
        try await running(core) { () async throws -> Void in
            _ = try await core.apply(
                .syncPolicy,
                """
                apiVersion: gedge/v1
                kind: SyncPolicy
                metadata:
                  name: custom
                spec:
                  rules:
                    - when: schedule
                      schedule: \(schedule)
                      privacy: public
                """)
            try await Self.follow(core, clock, schedule, &random)
        }
    }

    private static func follow(
        _ core: PolicyCore, _ clock: ManualWallClock, _ schedule: String, _ random: inout SeededGenerator
    ) async throws {
        let custom = try Name("custom")
        var steady = 0
        var last: Int?
        /// Since the last turn, or since the clock was last set: from then on a turn is at most two pauses away.
        var reference = 0
        /// How often the clock was set back since; each time may lengthen the minute in which others go along.
        var setBacks = 0
        var turns = 0
        var jumps = 0
        for number in 0..<1500 {
            let step = Int.random(in: 1...120, using: &random)
            steady += step
            clock.advance(by: .seconds(step))
            if Int.random(in: 0..<25, using: &random) == 0 {
                let seconds = Int.random(in: -36_000...36_000, using: &random)
                clock.advance(by: .seconds(seconds))
                reference = steady
                if seconds > 0 { last = nil } else { setBacks += 1 }
                jumps += 1
            }
            // Something new waits each time; what waits beside it goes along for a minute.
            let digit = Character(String(number % 16, radix: 16))
            let word = try await core.gate.mayFetch(ask(.features, PeerID("edge-1"), digit: digit, policy: custom)).word
            if word == "allow" {
                let isSameTurn = last.map { steady - $0 <= 60 * (1 + setBacks) } ?? false
                if !isSameTurn {
                    if let last, schedule.hasPrefix("every") {
                        #expect(steady - last >= turn, "a turn after \(steady - last) s at \(number)")
                    }
                    turns += 1
                    last = steady
                    setBacks = 0
                }
                reference = steady
            } else {
                #expect(word == "defer")
                #expect(steady - reference <= 2 * turn + 240, "nothing moved for \(steady - reference) s at \(number)")
            }
        }
        #expect(jumps > 20 && turns > 20)
        #expect(turns <= steady / turn + 1 + jumps)
    }
}
