import Contracts
import Core
import Glibc
import MessageBus
import Telemetry

// A process of the endurance run, which stops, continues and kills it. What became of each message stands in the ledger.
//
//   bus-endurance target LEDGER KEYFILE ADDRESS LIFE NAME=KEY...
//                                                               answers; prints its address and its public key
//   bus-endurance client LEDGER KEYFILE ADDRESS KEY NAME FIRST LAST
//                                                               sends the messages of this range that have no answer yet
//
// Of a hundred messages eighty are calls, ten are calls that carry 4 KiB there and back, and ten come as a stream.

func say(_ text: String) {
    let bytes = Array("\(text)\n".utf8)
    guard write(1, bytes, bytes.count) == bytes.count else { exit(3) }
}

struct Admitted: PeerDirectory {
    let peers: [PublicKey: PeerID]
    var acceptsEnrolment: Bool { false }
    func peer(for key: PublicKey) -> PeerID? { peers[key] }
}

struct Entry: Codable, Sendable { var number: Int }
struct Span: Codable, Sendable { var first: Int, last: Int }

let enter = Call<Entry, Entry>("endurance.enter")
let carry = Call<Entry, Entry>("endurance.carry", lane: .model)
let tell = StreamCall<Span, Entry>("endurance.tell", lane: .bulk)

func configuration(_ identity: PeerID) -> BusConfiguration {
    var configuration = BusConfiguration(identity: identity)
    configuration.heartbeat = .milliseconds(200)
    configuration.lease = .seconds(2)
    configuration.reconnect = RetryPolicy(base: .milliseconds(10), maximum: .milliseconds(200), attempts: nil)
    configuration.quarantine = .milliseconds(300)
    // More than are answered while a message is tried again: what is handled twice was in flight when a target was killed.
    configuration.maximumOutcomes = 1 << 18
    configuration.maximumOutcomeBytes = 1 << 30
    return configuration
}

func serve(_ arguments: [String]) async throws {
    let ledger = try Ledger(arguments[0])
    guard let life = UInt8(arguments[3]) else { exit(2) }
    var peers: [PublicKey: PeerID] = [:]
    for argument in arguments.dropFirst(4) {
        let words = argument.split(separator: "=", maxSplits: 1)
        guard words.count == 2, let key = PublicKey(z85: words[1]) else { exit(2) }
        peers[key] = PeerID(String(words[0]))
    }
    let bus = Bus(configuration: configuration(.core))
    bus.handle(enter) { (request: Inbound<Entry>) -> Entry in
        try ledger.enter(request.body.number, life: life)
        return request.body
    }
    bus.handle(carry) { (request: Inbound<Entry>) -> Outbound<Entry> in
        try ledger.enter(request.body.number, life: life)
        return Outbound(request.body, attachments: request.attachments)
    }
    bus.handleStream(tell) { request, writer in
        for number in request.body.first..<request.body.last {
            try await writer.send(Entry(number: number))
        }
    }
    let keys = try KeyFile(arguments[1]).loadOrCreate()
    let address = try bus.listen(
        BusAddress(arguments[2]), security: .curve(serverKeys: keys, directory: Admitted(peers: peers)))
    say("\(address) \(keys.publicKey)")
    try await bus.run()
}

/// One that sends hundreds of messages, one hundred after the other.
struct Client: Sendable {
    private static let retry = RetryPolicy(base: .milliseconds(10), maximum: .milliseconds(300), attempts: nil)
    private static let payload = [UInt8](repeating: 42, count: 4096)
    let ledger: Ledger
    let bus: Bus

    func send(hundred first: Int, upTo last: Int) async throws {
        for number in first..<min(last, first + 90) where !ledger.isAnswered(number) { try await send(number) }
        var next = first + 90
        while next < min(last, first + 100) {
            if ledger.isAnswered(next) {
                next += 1
                continue
            }
            do {
                let span = Span(first: next, last: min(last, first + 100))
                for try await item in try await bus.stream(
                    tell, span, to: .peer(.core), window: 4096, timeout: .seconds(60))
                {
                    guard item.body.number == next else {
                        throw Failure(code: "order", message: "item \(item.body.number) came, not \(next)")
                    }
                    ledger.noteAnswer(next)
                    next += 1
                }
            } catch let error as BusError where error.isRetriable {
                _ = try? await bus.ready(.core, timeout: .seconds(1))  // if it is not, the next attempt says so
            }
        }
    }

    private func send(_ number: Int) async throws {
        let key = IdempotencyKey(naming: "endurance", "\(number)")
        let isCarried = number % 100 >= 80
        while true {
            do {
                let reply = try await bus.call(
                    isCarried ? carry : enter, Entry(number: number),
                    attachments: isCarried ? [Attachment(Self.payload)] : [], to: .peer(.core), timeout: .seconds(60),
                    key: key, retry: Self.retry)
                guard reply.body.number == number, reply.attachments.count == (isCarried ? 1 : 0),
                    reply.attachments.allSatisfy({ $0.array == Self.payload })
                else { throw Failure(code: "answer", message: "message \(number) has another's answer") }
                ledger.noteAnswer(number)
                return
            } catch let error as BusError where error.isRetriable { continue }
        }
    }
}

func send(_ arguments: [String]) async throws {
    guard let server = PublicKey(z85: arguments[3]), let first = Int(arguments[5]), let last = Int(arguments[6]) else {
        exit(2)
    }
    let bus = Bus(configuration: configuration(PeerID(arguments[4])))
    try bus.connect(
        BusAddress(arguments[2]), security: .curve(client: try KeyFile(arguments[1]).loadOrCreate(), serverKey: server))
    let client = Client(ledger: try Ledger(arguments[0]), bus: bus)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await bus.run() }
        try await withThrowingTaskGroup(of: Void.self) { senders in
            for sender in 0..<32 {
                senders.addTask {
                    for hundred in stride(from: first + 100 * sender, to: last, by: 3200) {
                        try await client.send(hundred: hundred, upTo: last)
                    }
                }
            }
            try await senders.waitForAll()
        }
        say("done")
        group.cancelAll()
    }
}

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch (arguments.first, arguments.count) {
    case ("target", 5...): try await serve(Array(arguments.dropFirst()))
    case ("client", 8): try await send(Array(arguments.dropFirst()))
    default: exit(2)
    }
} catch {
    say("error \(error)")
    exit(1)
}
