import Core
import Foundation
import TestKit
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        (-1, "1969-12-31T23:59:59.999Z"), (-1000, "1969-12-31T23:59:59.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
    ])
    func knownMoments(_ milliseconds: Int, _ text: String) {
        #expect(Timestamp(milliseconds: Int64(milliseconds)).description == text)
    }

    @Test func agreesWithFoundation() {
        var generator = SeededGenerator()
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for _ in 0..<2000 {
            // Whole seconds, because the other implementation rounds its binary fractions; from 1600 to 2500.
            let seconds = Int64.random(in: -11_676_096_000...16_725_225_600, using: &generator)
            let expected = Date(timeIntervalSince1970: Double(seconds)).formatted(style)
            #expect(Timestamp(milliseconds: seconds * 1000).description == expected)
        }
    }

    @Test(arguments: [Int64.min, .max]) func theEndsOfTimeAreWritten(_ milliseconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).description.hasSuffix("Z"))
    }

    @Test func advancesAndSaturates() {
        let time = Timestamp(milliseconds: 5)
        #expect(time.advanced(by: .seconds(2)) == Timestamp(milliseconds: 2005))
        #expect(time.advanced(by: .seconds(-2)) == Timestamp(milliseconds: -1995))
        #expect(time.advanced(by: .seconds(Int64.max)).milliseconds == .max)
        #expect(time < time.advanced(by: .milliseconds(1)))
    }

    @Test func systemClockAgreesWithFoundation() {
        let before = Int64(Date().timeIntervalSince1970 * 1000) - 1
        let now = SystemWallClock().now().milliseconds
        let after = Int64(Date().timeIntervalSince1970 * 1000) + 1
        #expect((before...after).contains(now))
    }
}

@Suite struct DurationTests {
    @Test func millisecondsAndSeconds() {
        #expect(Duration.seconds(1.5).milliseconds == 1500)
        #expect(Duration.microseconds(-1999).milliseconds == -1)
        #expect(Duration.seconds(Int64.max).milliseconds == .max)
        #expect(Duration.seconds(Int64.min).milliseconds == .min)
        #expect((Duration.seconds(Int64.max / 1000) + .milliseconds(999)).milliseconds == .max)
        #expect(Duration.milliseconds(250).seconds == 0.25)
    }

    @Test(arguments: [
        ("0", Duration.zero), ("30s", .seconds(30)), ("5m", .seconds(300)), ("1h30m", .seconds(5400)),
        ("250ms", .milliseconds(250)), ("1.5s", .milliseconds(1500)), ("2d", .seconds(172_800)),
        ("7us", .microseconds(7)),
        ("1s500ms", .milliseconds(1500)), ("9223372036s", .seconds(9_223_372_036)),
    ])
    func parses(_ text: String, _ duration: Duration) { #expect(DurationText.parse(text) == duration) }

    @Test(arguments: [
        "", "5", "s", "5 s", "-5s", "5x", "1..5s", ".5s", "5.s", "5m3", "1e3s", "٣s", "9223372037s", "106752d1h",
        "99999999999999999999s", "1e999s", "999999999999999999.5d", String(repeating: "1s", count: 40),
    ])
    func refuses(_ text: String) { #expect(DurationText.parse(text) == nil) }

    @Test func exactTextReadsBack() {
        #expect(DurationText.exact(.seconds(5400)) == "1h30m")
        #expect(DurationText.exact(.zero) == "0s")
        var generator = SeededGenerator()
        for _ in 0..<2000 {
            let bound = Int64(1) << Int64.random(in: 1...62, using: &generator)
            let duration = Duration.nanoseconds(Int64.random(in: 0..<bound, using: &generator))
            #expect(DurationText.parse(DurationText.exact(duration)) == duration)
        }
    }

    @Test(arguments: [
        (Duration.zero, "0ms"), (.milliseconds(999), "999ms"), (.milliseconds(12_340), "12.3s"),
        (.milliseconds(59_960), "1m00s"), (.seconds(245), "4m05s"), (.seconds(5400), "1h30m"),
        (.seconds(273_600), "3d04h"),
        (.seconds(-5), "-5.0s"),
    ])
    func briefText(_ duration: Duration, _ text: String) { #expect(DurationText.brief(duration) == text) }
}

@Suite struct ByteCountTests {
    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("64MiB", 64 << 20), ("64 mib", 64 << 20), ("64Mi", 64 << 20), ("1.5Gi", 3 << 29),
        ("2Pi", 2 << 50), ("3G", 3_000_000_000), ("7k", 7000), ("1.5GiB", 3 << 29), ("1kB", 1000),
        ("2TB", 2_000_000_000_000), ("7B", 7),
    ])
    func parses(_ text: String, _ bytes: Int) { #expect(ByteCount(text)?.bytes == bytes) }

    @Test(arguments: [
        "", "MiB", "-1", "1.5.5", ".5", "1 000", "1PB", "500m", "64mi", "1K", "1g", "9223372036854775808",
        "9999999999TiB", "1e3",
    ])
    func refuses(_ text: String) { #expect(ByteCount(text) == nil) }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1_048_575, "1.0 MiB"),
        (Int.max, "8.0 EiB"), (-2048, "-2.0 KiB"), (Int.min, "-8.0 EiB"),
    ])
    func shown(_ bytes: Int, _ text: String) { #expect(ByteCount(bytes).description == text) }

    @Test func codedWithoutLoss() throws {
        for bytes in [0, 1, 1000, 1024, 64 << 20, (64 << 20) + 1, 5 << 40] {
            let data = try JSONEncoder().encode([ByteCount(bytes)])
            #expect(try JSONDecoder().decode([ByteCount].self, from: data) == [ByteCount(bytes)])
        }
        #expect(String(decoding: try JSONEncoder().encode([ByteCount(64 << 20)]), as: UTF8.self) == "[\"64MiB\"]")
        for text in ["[-1]", "[\"x\"]", "[true]"] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode([ByteCount].self, from: Data(text.utf8)) }
        }
    }
}
