import Contracts
import Core
import Foundation
import Glibc
import MessageBus
import Synchronization
import TestKit
import Testing

/// The processes of an endurance run, and what is done to them.
final class EnduranceRun: Sendable {
    struct Outcome: Sendable, CustomStringConvertible {
        var effects = 0
        /// Messages without an effect, with more than one, and without an answer.
        var lost = 0
        var twice = 0
        var unanswered = 0
        /// How often calls were handled after their first time.
        var again = 0
        var targetKills = 0
        var clientKills = 0
        var stalls = 0
        var garbage = 0

        var description: String {
            "\(targetKills) targets and \(clientKills) clients killed, \(stalls) stalls, \(garbage) malformed messages: \(lost) "
                + "lost, \(twice) twice, \(unanswered) unanswered, \(again) handled again without effect"
        }
    }

    private struct State {
        var target: Crasher?
        var clients: [Crasher?]
        /// Processes that are meant to end.
        var killed: Set<Int32> = []
        var address: String?
        var done: Set<Int> = []
        var outcome = Outcome()
    }

    private let directory: TemporaryDirectory
    private let messages: Int
    private let clients: Int
    private let ledger: UnsafeLedger
    private let serverKey: PublicKey
    private let badKeys: KeyPair
    private let admitted: [String]
    private let state: Mutex<State>

    struct Aborted: Error, CustomStringConvertible { let description: String }

    init(messages: Int, clients: Int) throws {
        self.messages = messages
        self.clients = clients
        directory = try TemporaryDirectory("endurance", inMemory: true)
        ledger = try UnsafeLedger(directory.file("ledger"), messages: messages)
        serverKey = try KeyFile(directory.file("core.key")).loadOrCreate().publicKey
        badKeys = try KeyPair.generate()
        admitted =
            try (0..<clients).map { [directory] in
                "edge-\($0)=\(try KeyFile(directory.file("edge-\($0).key")).loadOrCreate().publicKey.z85)"
            } + ["edge-bad=\(badKeys.publicKey.z85)"]
        state = Mutex(State(clients: Array(repeating: nil, count: clients)))
    }

    private var isOver: Bool { state.withLock { $0.done.count == clients } }

    /// What became of the messages.
    var outcome: Outcome {
        var outcome = state.withLock { $0.outcome }
        for number in 0..<messages {
            let (runs, had, answers) = ledger[number]
            // What a stream brings has its effect at the reader.
            let isItem = number % 100 >= 90
            let effects = isItem ? answers : had
            outcome.effects += effects
            outcome.lost += effects == 0 ? 1 : 0
            outcome.twice += effects > 1 ? 1 : 0
            outcome.unanswered += answers == 0 ? 1 : 0
            if !isItem { outcome.again += runs - 1 }
        }
        return outcome
    }

    // MARK: The processes

    func keepTarget() async throws {
        var lives = 0
        while !isOver {
            lives = lives % 255 + 1
            let life = String(lives)
            let known = state.withLock { $0.address }
            let target = try Crasher(
                "bus-endurance",
                ["target", directory.file("ledger"), directory.file("core.key"), known ?? "tcp://127.0.0.1:0", life]
                    + admitted)
            let line = try await target.line() ?? ""
            guard let address = line.split(separator: " ").first.map(String.init), !line.hasPrefix("error") else {
                throw Aborted(description: "the target did not start: \(line)")
            }
            state.withLock { state in
                state.target = target
                state.address = address
            }
            // The last client may have ended meanwhile, and nobody else ends this one.
            if isOver { kill(target) }
            while let line = try await target.line() { throw Aborted(description: "the target says: \(line)") }
            try checkKilled(target, "the target")
        }
    }

    func keepClient(_ number: Int) async throws {
        let share = messages / clients / 100 * 100  // What a message is depends on its number in its hundred.
        let (first, last) = (number * share, number == clients - 1 ? messages : (number + 1) * share)
        while true {
            guard let address = state.withLock({ $0.address }) else {
                try await Task.sleep(for: .milliseconds(10))
                continue
            }
            let client = try Crasher(
                "bus-endurance",
                [
                    "client", directory.file("ledger"), directory.file("edge-\(number).key"), address, serverKey.z85,
                    "edge-\(number)", "\(first)", "\(last)",
                ])
            state.withLock { $0.clients[number] = client }
            let line = try await client.line()
            if line == "done" { break }
            if let line { throw Aborted(description: "client \(number) says: \(line)") }
            try checkKilled(client, "client \(number)")
        }
        let target = state.withLock { state in
            state.clients[number] = nil
            state.done.insert(number)
            return state.done.count == clients ? state.target : nil
        }
        if let target { kill(target) }
    }

    private func checkKilled(_ process: Crasher, _ name: String) throws {
        guard state.withLock({ $0.killed.contains(process.processIdentifier) }) else {
            throw Aborted(description: "\(name) ended by itself")
        }
    }

    private func kill(_ process: Crasher) {
        state.withLock { _ = $0.killed.insert(process.processIdentifier) }
        process.kill()
    }

    // MARK: What is done to them

    /// What is done to one of them.
    private struct Disturbance {
        let isTarget: Bool
        let isKill: Bool

        /// Twice as many for the clients as for the target.
        static let all = [
            Disturbance(isTarget: true, isKill: true), Disturbance(isTarget: true, isKill: false),
            Disturbance(isTarget: false, isKill: true), Disturbance(isTarget: false, isKill: false),
            Disturbance(isTarget: false, isKill: true), Disturbance(isTarget: false, isKill: false),
        ]
    }

    /// Stops and kills, each after so many messages, in random order but so that each happens before all have again.
    ///
    /// On a thread of its own: where many tests share the pool, the messages would be through before its turn came.
    func disturb(seed: UInt64, calm: Int) async throws {
        try await ThreadExecutor(name: "disturb").run { [self] in disturbNow(seed: seed, calm: calm) }
    }

    private func disturbNow(seed: UInt64, calm: Int) {
        var random = SplitMix64(seed: seed, labels: "disturb")
        var deck: [Disturbance] = []
        while !isOver {
            let next = ledger.answered + Int.random(in: 1...2 * calm, using: &random)
            while ledger.answered < next, !isOver { usleep(5000) }
            if deck.isEmpty { deck = Disturbance.all.shuffled(using: &random) }
            guard let disturbance = deck.last else { return }
            let chosen = Int.random(in: 0..<clients, using: &random)
            let found = state.withLock { disturbance.isTarget ? $0.target : $0.clients[chosen] }
            guard let process = found, process.isRunning, !isOver else { continue }
            deck.removeLast()
            if disturbance.isKill {
                kill(process)
                state.withLock { state in
                    if disturbance.isTarget { state.outcome.targetKills += 1 } else { state.outcome.clientKills += 1 }
                }
            } else {
                // Sometimes for longer than a lease.
                let isLong = Int.random(in: 0..<10, using: &random) == 0
                process.signal(SIGSTOP)
                usleep(1000 * (isLong ? 2500 : UInt32.random(in: 1...200, using: &random)))
                process.signal(SIGCONT)
                state.withLock { $0.outcome.stalls += 1 }
            }
        }
    }

    /// An admitted peer that sends mutated frames on every lane.
    func sendGarbage(seed: UInt64) async throws {
        while state.withLock({ $0.address }) == nil { try await Task.sleep(for: .milliseconds(10)) }
        let address = try BusAddress(try #require(state.withLock { $0.address }))
        try await ThreadExecutor(name: "garbage").run { [self] in
            let peer = try RawPeer(address, keys: badKeys, serverKey: serverKey, linger: 0)
            var mutator = FrameMutator(seed: seed, limits: FrameLimits())
            while !isOver {
                for _ in 0..<40 {
                    let message = mutator.next()
                    let parts = message.attachmentSizes.prefix(8).map { [UInt8](repeating: 9, count: min($0, 5000)) }
                    guard peer.send([message.head] + parts, on: message.lane) else { break }
                    state.withLock { $0.outcome.garbage += 1 }
                }
                usleep(20_000)
                try peer.reconnect()
            }
        }
    }
}

/// The ledger of `bus-endurance`, to be read while it is written.
private final class UnsafeLedger: @unchecked Sendable {
    // @unchecked: only read here; each byte is written by one process alone.
    private let bytes: UnsafeMutablePointer<UInt8>
    private let messages: Int

    init(_ path: String, messages: Int) throws {
        self.messages = messages
        let file = open(path, O_RDWR | O_CREAT, 0o600)
        defer { close(file) }
        try #require(file >= 0 && ftruncate(file, off_t(4 * messages)) == 0)
        let start = try #require(mmap(nil, 4 * messages, PROT_READ, MAP_SHARED, file, 0))
        try #require(start != MAP_FAILED)
        bytes = start.assumingMemoryBound(to: UInt8.self)
    }

    deinit { munmap(bytes, 4 * messages) }

    subscript(number: Int) -> (runs: Int, effects: Int, answers: Int) {
        (Int(bytes[number]), Int(bytes[messages + number]), Int(bytes[3 * messages + number]))
    }

    var answered: Int {
        UnsafeBufferPointer(start: bytes + 3 * messages, count: messages).reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
    }
}
