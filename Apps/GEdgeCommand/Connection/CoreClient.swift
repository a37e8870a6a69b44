import Contracts
import Core
import MessageBus
import Telemetry

/// A connection to the core of this machine, for as long as one command takes.
struct CoreClient: Sendable {
    private let bus: Bus
    let timeout: Duration

    /// Connects, runs `body`, and takes the connection down.
    /// - Throws: `CommandError` with the code `unreachable` when no core answers, otherwise what `body` throws.
    static func with<Result: Sendable>(
        _ context: Context, _ body: @escaping @Sendable (CoreClient) async throws -> Result
    ) async throws -> Result {
        let location = context.stateDirectory
        let address = try BusAddress(location.address)
        try SocketProbe.check(address.endpoint(.control), remedy: location.remedy)
        let bus = Bus(
            configuration: BusConfiguration(identity: .operator), logger: .disabled, metrics: MetricsRegistry())
        try bus.connect(address, as: .core, security: .none)
        let client = CoreClient(bus: bus, timeout: context.callTimeout)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await bus.run()
                return nil
            }
            group.addTask {
                do { try await bus.ready(.core, timeout: min(.seconds(10), client.timeout)) } catch let error
                    as BusError
                {
                    throw CommandError(
                        "unreachable", "the core at \(location.path) does not answer", cause: error,
                        remedy: "Look at its log in \(location.path)/logs")
                }
                return try await body(client)
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CommandError("unreachable", "the connection to the core closed")
        }
    }

    /// Asks the core one question.
    func call<Question, Answer>(_ call: Call<Question, Answer>, _ question: Question) async throws -> Answer {
        try await ask(call, question).body
    }

    /// Asks the core one question whose answer has attachments.
    /// - Parameter timeout: for a question that takes longer than others.
    func ask<Question, Answer>(
        _ call: Call<Question, Answer>, _ question: Question, timeout: Duration? = nil
    ) async throws -> Inbound<Answer> {
        do { return try await bus.call(call, question, to: .peer(.core), timeout: timeout ?? self.timeout) } catch {
            throw Self.explained(error, subject: call.subject)
        }
    }

    /// Asks the core a question that it answers with a sequence.
    func stream<Question, Item>(
        _ call: StreamCall<Question, Item>, _ question: Question
    ) async throws -> InboundStream<Item> {
        try await bus.stream(call, question, to: .peer(.core))
    }

    /// In the words of resources, that the core has no such call; any other error as it is.
    static func explained(_ error: any Error, subject: String) -> any Error {
        let words = subject.split(separator: ".").map(String.init)
        guard let bus = error as? BusError, bus.is(.unknownSubject), words.count == 3, words[0] == "resource",
            let kind = ResourceKind(rawValue: words[2])
        else { return error }
        return CommandError("unknown-subject", "the core cannot \(words[1]) \(kind.plural)", cause: nil)
    }

    /// Waits until the core is there again after it went away.
    func reconnected(within limit: Duration) async throws {
        try await bus.ready(.core, timeout: limit)
    }
}
