import Contracts
import Core
import MessageBus
import Telemetry

/// A connection to the core of this machine, or to an edge of it whose state directory was named, for as long as one command
/// takes.
struct CoreClient: Sendable {
    private let bus: Bus
    /// Who is asked.
    let peer: PeerID
    let timeout: Duration

    /// Connects, runs `body`, and takes the connection down.
    /// - Throws: `CommandError` with the code `unreachable` when no core answers, otherwise what `body` throws.
    static func with<Result: Sendable>(
        _ context: Context, at location: StateLocation? = nil,
        _ body: @escaping @Sendable (CoreClient) async throws -> Result
    ) async throws -> Result {
        let location = location ?? context.stateDirectory
        let address = try BusAddress(location.address)
        try SocketProbe.check(
            address.endpoint(.control), daemon: location.daemon == .core ? "core" : "edge", remedy: location.remedy)
        let bus = Bus(
            configuration: BusConfiguration(identity: .operator), logger: .disabled, metrics: MetricsRegistry())
        try bus.connect(address, as: location.daemon, security: .none)
        let client = CoreClient(bus: bus, peer: location.daemon, timeout: context.callTimeout)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await bus.run()
                return nil
            }
            group.addTask {
                do { try await bus.ready(client.peer, timeout: min(.seconds(10), client.timeout)) } catch let error
                    as BusError
                {
                    if let limit = context.timeout, limit < .seconds(10), error.is(.unreachable) {
                        throw CommandError.timedOut(
                            "\(location.noun) at \(location.path) did not answer within "
                                + NumberText.span(seconds: limit.seconds))
                    }
                    throw CommandError(
                        "unreachable", "\(location.noun) at \(location.path) does not answer", cause: error,
                        remedy: "Look at its log in \(location.path)/logs")
                }
                return try await body(client)
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CommandError("unreachable", "the connection to \(location.noun) closed")
        }
    }

    /// Asks the core one question.
    func call<Question, Answer>(_ call: Call<Question, Answer>, _ question: Question) async throws -> Answer {
        try await ask(call, question).body
    }

    /// Asks the core one question that has attachments, or whose answer has.
    /// - Parameter timeout: for a question that takes longer than others.
    func ask<Question, Answer>(
        _ call: Call<Question, Answer>, _ question: Question, attachments: [Attachment] = [], timeout: Duration? = nil
    ) async throws -> Inbound<Answer> {
        do {
            return try await bus.call(
                call, question, attachments: attachments, to: .peer(peer), timeout: timeout ?? self.timeout)
        } catch { throw explained(error, subject: call.subject) }
    }

    /// Asks the core a question that it answers with a sequence.
    func stream<Question, Item>(
        _ call: StreamCall<Question, Item>, _ question: Question
    ) async throws -> InboundStream<Item> {
        try await bus.stream(call, question, to: .peer(peer))
    }

    /// In words for the person who asked, that the daemon has no such call; any other error as it is.
    private func explained(_ error: any Error, subject: String) -> any Error {
        if peer != .core, let bus = error as? BusError, bus.is(.unknownSubject) {
            return CommandError(
                "unknown-subject", "that is for the core; '\(peer)' is an edge",
                remedy: "Name the core's state directory with --state-dir DIR or GEDGE_STATE")
        }
        return Self.explained(error, subject: subject)
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
        try await bus.ready(peer, timeout: limit)
    }
}
