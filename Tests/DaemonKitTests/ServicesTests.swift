import DaemonKit
import Telemetry
import Testing

@Suite struct ServicesTests {
    private struct Broken: Error {}

    @Test func aFailedServiceEndsTheDaemonAndSaysSo() async throws {
        let sink = MemorySink()
        let services = Services(logger: Logger(label: "test", sink: sink, level: .info))
        await #expect(throws: Broken.self) {
            try await services.run([
                ("store", { throw Broken() }), ("bus", { try await Task.sleep(for: .seconds(600)) }),
            ]) {
                try await Task.sleep(for: .seconds(600))
            }
        }
        #expect(sink.records.contains { $0.level == .error && $0.message.contains("'store' failed") })
    }

    @Test func stoppingEndsEveryService() async throws {
        try await Services(logger: .disabled).run([("bus", { try await Task.sleep(for: .seconds(600)) })]) {}
    }
}
