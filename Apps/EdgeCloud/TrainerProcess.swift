import Core
import DaemonKit
import FoundationEssentials
import Glibc
import Synchronization
import Telemetry

/// A trainer that the edge starts, starts again when it ends, and takes along when it ends itself.
struct TrainerProcess: Sendable {
    /// How long a trainer that is told to end may take.
    private static let patience: Duration = .seconds(5)
    /// A trainer that ran so long before it ended is started again at once.
    private static let steady: Duration = .seconds(30)

    let settings: TrainerSettings
    let command: [String]
    /// The edge's state directory, in which the trainer finds the socket.
    let state: String
    let logger: Logger

    /// Runs until cancelled; the trainer has ended then.
    func run() async {
        let logger = logger.with(["trainer": settings.name.text])
        let backOff = RetryPolicy(base: .milliseconds(500), maximum: .seconds(30), attempts: nil)
        var generator = SystemRandomNumberGenerator()
        // The kernel ends the child when the thread that started it does: one thread for all its life.
        let thread = ThreadExecutor(name: "trainer")
        var failures = 0
        while !Task.isCancelled {
            let started = ContinuousClock.now
            let child = Child()
            do {
                let status = try await withTaskCancellationHandler {
                    try await thread.run { try live(child, logger) }
                } onCancel: {
                    child.stop()
                }
                if Task.isCancelled { return }
                failures = ContinuousClock.now - started > Self.steady ? 0 : failures + 1
                logger.warning("a trainer ended and is started again", ["status": status])
            } catch {
                if Task.isCancelled { return }
                failures += 1
                logger.error("a trainer cannot be started", error: error)
            }
            let pause = backOff.delay(beforeRetry: min(failures, 8), using: &generator) ?? .seconds(30)
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    /// Starts the trainer, logs its lines and waits for its end.
    /// - Returns: how it ended, in words.
    private func live(_ child: Child, _ logger: Logger) throws -> String {
        let output = try child.start(wrapped, environment: environment)
        defer { close(output) }
        logger.info(
            "a trainer is started", ["command": command.joined(separator: " "), "process": "\(child.identifier)"])
        var lines = LineCutter()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        // A descriptor below 0 is never ready: what there is to wait for is the trainer's end.
        var open = output
        while true {
            var ready = pollfd(fd: open, events: Int16(POLLIN), revents: 0)
            if poll(&ready, 1, 100) > 0 {
                let count = read(open, &buffer, buffer.count)
                if count > 0 {
                    for line in lines.cut(buffer[..<count]) { logger.info("\(line)") }
                    continue
                }
                open = -1
            }
            if let status = child.reap(killAfter: Self.patience) {
                if let rest = lines.rest { logger.info("\(rest)") }
                return status
            }
        }
    }

    /// The command below the tools of util-linux that bind its life to this process's and bound its memory.
    private var wrapped: [String] {
        let limit = settings.memory.map { ["prlimit", "--as=\($0.bytes)"] } ?? []
        return ["setpriv", "--pdeathsig", "KILL"] + limit + command
    }

    /// The daemon's variables but for its own settings, which may hold a token.
    private var environment: [String: String] {
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GEDGE_") }
        variables["GEDGE_TRAINER_ADDRESS"] = state
        variables["GEDGE_TRAINER_DATASET"] = settings.dataset.text
        variables["PYTHONUNBUFFERED"] = "1"
        return variables.merging(settings.environment ?? [:]) { $1 }
    }
}

/// Cuts a stream of bytes into lines.
private struct LineCutter {
    private static let longest = 8192
    private var held: [UInt8] = []

    mutating func cut(_ bytes: ArraySlice<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || held.count >= Self.longest {
                if !held.isEmpty { lines.append(String(decoding: held, as: UTF8.self)) }
                held.removeAll(keepingCapacity: true)
            }
            if byte != UInt8(ascii: "\n") { held.append(byte) }
        }
        return lines
    }

    var rest: String? { held.isEmpty ? nil : String(decoding: held, as: UTF8.self) }
}

/// One process with all that it starts.
private final class Child: Sendable {
    private struct State {
        var identifier: pid_t = 0
        var isStopping = false
        var stopped: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    var identifier: pid_t { state.withLock(\.identifier) }

    /// - Returns: where its output is read from.
    func start(_ command: [String], environment: [String: String]) throws -> Int32 {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Self.error("cannot make a pipe", errno) }
        defer { close(ends[1]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var isStarted = false
        defer { if !isStarted { close(ends[0]) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        // The daemon's files are none of the trainer's business.
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            if let descriptor = Int32(name), descriptor > 2 {
                posix_spawn_file_actions_addclose(&actions, descriptor)
            }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        let status = state.withLock { state in
            guard !state.isStopping else { return ECANCELED }
            return Self.withPointers(command) { arguments in
                Self.withPointers(environment.map { "\($0.key)=\($0.value)" }) { variables in
                    posix_spawnp(&state.identifier, command[0], &actions, &attributes, arguments, variables)
                }
            }
        }
        guard status == 0 else {
            throw Self.error("cannot start '\(command[0])', which belongs to util-linux", status)
        }
        isStarted = true
        return ends[0]
    }

    func stop() {
        state.withLock { state in
            state.isStopping = true
            state.stopped = .now
            if state.identifier > 0 { kill(-state.identifier, SIGTERM) }
        }
    }

    /// - Returns: how it ended; `nil` while it lives.
    func reap(killAfter patience: Duration) -> String? {
        state.withLock { state in
            if let stopped = state.stopped, ContinuousClock.now - stopped > patience {
                kill(-state.identifier, SIGKILL)
            }
            var status: Int32 = 0
            guard waitpid(state.identifier, &status, WNOHANG) == state.identifier else { return nil }
            // What it started goes with it.
            kill(-state.identifier, SIGKILL)
            state.identifier = 0
            return status & 0x7f == 0 ? "status \((status >> 8) & 0xff)" : "signal \(status & 0x7f)"
        }
    }

    private static func error(_ what: String, _ code: Int32) -> DaemonError {
        DaemonError("native", "\(what): \(String(cString: strerror(code)))")
    }

    private static func withPointers<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
