import Core
import Telemetry
import TestKit
import Testing

@Suite struct LoggerTests {
    private let sink = MemorySink()
    private let clock = ManualWallClock()

    private func logger(_ level: LogLevel = .info) -> Logger {
        Logger(label: "bus", sink: sink, level: level, clock: clock)
    }

    @Test func recordsBelowTheLevelAreNeverBuilt() {
        var built = 0
        func text() -> String {
            built += 1
            return "x"
        }
        logger(.notice).info(text(), ["key": text()])
        Logger.disabled.error(text())
        #expect(built == 0)
        #expect(sink.records.isEmpty)
        logger(.notice).notice(text(), ["key": text()])
        #expect(built == 2)
        #expect(sink.messages == ["x"])
    }

    @Test func everyLevelHasItsMethod() {
        let logger = logger(.trace)
        logger.trace("0")
        logger.debug("1")
        logger.info("2")
        logger.notice("3")
        logger.warning("4")
        logger.error("5")
        #expect(sink.records.map(\.level) == LogLevel.allCases)
        #expect(sink.messages == ["0", "1", "2", "3", "4", "5"])
        #expect(LogLevel.allCases.sorted() == LogLevel.allCases)
        #expect(!Logger.disabled.isEnabled(.error))
    }

    @Test func metadataIsCarriedAndOverridden() throws {
        let trace = TraceID(high: 1, low: 2)
        let logger = logger().with(["job": "digits", "edge": "a"]).with(trace: trace).labelled("fedlearn")
        logger.info("round closed", ["edge": "b"])
        let record = try #require(sink.records.first)
        #expect(record.label == "fedlearn")
        #expect(record.time == clock.now())
        #expect(record.metadata.map(\.key) == ["edge", "job", "trace"])
        #expect(record["edge"] == "b")
        #expect(record["trace"] == trace.description)
        #expect(logger.with(trace: .none).metadata == logger.metadata)
    }

    @Test func metadataCannotTakeTheRecordsOwnKeys() throws {
        logger().info("x", ["message": "forged", "level": "error"])
        #expect(try #require(sink.records.first).metadata.map(\.key) == ["level_", "message_"])
    }

    @Test func errorsAreWrittenInTheirOwnWords() throws {
        logger().error("cannot join", error: Failure(code: "refused", message: "the token was used"))
        #expect(sink.records.first?.error == Failure(code: "refused", message: "the token was used"))
    }

    @Test func teesAndFilters() {
        let all = MemorySink()
        let grave = MemorySink()
        let logger = Logger(label: "x", sink: TeeSink([all, LevelFilter(.warning, grave), NullSink()]), level: .trace)
        logger.info("a")
        logger.error("b")
        #expect(all.messages == ["a", "b"])
        #expect(grave.messages == ["b"])
    }

    @Test func memoryIsBounded() {
        let sink = MemorySink(capacity: 8)
        let logger = Logger(label: "x", sink: sink)
        for number in 0..<100 { logger.info("\(number)") }
        #expect(sink.records.count <= 8)
        #expect(sink.messages.last == "99")
    }

    @Test func secretsDoNotShow() {
        let secret = Redacted("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(describing: secret), String(reflecting: secret), dumped, "\([secret])"] {
            #expect(!text.contains("hunter2"))
        }
        #expect(secret.reveal() == "hunter2")
    }
}
