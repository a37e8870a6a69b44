import CZeroMQ
import Glibc
import Synchronization
import Telemetry

/// The authenticator's socket and the loop that answers on it. Used by one thread at a time: the one that starts it, until
/// the loop's thread begins.
final class AuthenticatorLoop: @unchecked Sendable {
    // @unchecked: see above; `policy` and `metrics` are shared behind their own locks.
    /// Where libzmq looks for an authenticator (ZeroMQ RFC 27).
    private static let endpoint = "inproc://zeromq.zap.01"

    private let socket: UnsafeMutableRawPointer
    /// An eventfd; readable once there are orders.
    private let wake: Int32
    private let orders = Mutex(Orders())
    /// Watched listeners; the loop's thread's own.
    private var guards: [ConnectionGuard] = []
    private let policy: Mutex<AdmissionPolicy>
    private let logger: Logger
    private let metrics: MetricsRegistry
    /// Strangers may knock as often as they like; the log must not fill up with it.
    private var logBudget = TokenBucket(capacity: 10, perSecond: 0.2)
    private var unlogged = 0

    /// What other threads want of the loop.
    private struct Orders {
        var isStopped = false
        var guards: [ConnectionGuard] = []
        /// Messages delivered, by the connection's descriptor.
        var deliveries: [Int32: DeliveryCounter] = [:]
    }

    /// Binds the ZAP endpoint of `context`.
    init(
        context: UnsafeMutableRawPointer, policy: AdmissionPolicy, logger: Logger, metrics: MetricsRegistry
    ) throws(SecurityError) {
        guard let socket = zmq_socket(context, ZMQ_REP) else { throw Self.error("cannot make the ZAP socket") }
        var linger: Int32 = 0
        guard zmq_setsockopt(socket, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size) == 0,
            zmq_bind(socket, Self.endpoint) == 0
        else {
            let error = Self.error("cannot bind the ZAP endpoint; is an authenticator running in this context already?")
            zmq_close(socket)
            throw error
        }
        wake = eventfd(0, Int32(EFD_CLOEXEC))
        guard wake >= 0 else {
            let error = SecurityError(
                .native, "cannot make an eventfd (errno \(Glibc.errno)); raise the limit on files")
            zmq_close(socket)
            throw error
        }
        self.socket = socket
        self.policy = Mutex(policy)
        self.logger = logger
        self.metrics = metrics
    }

    deinit { close(wake) }

    /// Asks the loop to end; from any thread.
    func interrupt() {
        orders.withLock { $0.isStopped = true }
        ring()
    }

    /// Hands a watched listener to the loop; from any thread.
    func add(_ listener: ConnectionGuard) {
        orders.withLock { $0.guards.append(listener) }
        ring()
    }

    /// Says which counter counts the messages of a connection; from any thread.
    func count(_ descriptor: Int32, by counter: DeliveryCounter) {
        orders.withLock { $0.deliveries[descriptor] = counter }
    }

    private func ring() {
        // An eventfd takes a write of 8 bytes unless its counter is full, and then it is readable anyway.
        var one: UInt64 = 1
        _ = write(wake, &one, MemoryLayout<UInt64>.size)
    }

    /// Makes strangers wait longer, from any thread.
    func penaliseEnrolment(at now: ContinuousClock.Instant) {
        policy.withLock { $0.enrolmentBudget.drain(4, at: now) }
    }

    /// Answers until interrupted or the context ends; then closes the socket.
    func run() {
        defer {
            for listener in guards + orders.withLock({ $0.guards }) { listener.close() }
            // Closing alone would free the endpoint some time later; it fails only when the whole context ends.
            zmq_unbind(socket, Self.endpoint)
            zmq_close(socket)
        }
        var nextCheck = ContinuousClock.now
        while true {
            var items = [
                zmq_pollitem_t(socket: socket, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
                zmq_pollitem_t(socket: nil, fd: wake, events: Int16(ZMQ_POLLIN), revents: 0),
            ]
            items += guards.map { zmq_pollitem_t(socket: $0.monitor, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0) }
            let pause = guards.map(\.pause).filter { $0 >= 0 }.min() ?? -1
            if zmq_poll(&items, Int32(items.count), pause) < 0 {
                if zmq_errno() == EINTR { continue }
                if zmq_errno() != ETERM { keepShut() }
                return
            }
            if items[1].revents != 0, !takeOrders() { return }
            if items[0].revents != 0, !answerOne() { return }
            let now = ContinuousClock.now
            for (listener, item) in zip(guards, items.dropFirst(2)) where item.revents != 0 {
                let (cut, ungreeted) = listener.takeEvents()
                note(cut: cut, by: listener, "a connection too many was cut: too few descriptors are left", now)
                if ungreeted > 0 {
                    metrics.counter(
                        "gedge_bus_ungreeted_total",
                        help: "Connections that ended before they had greeted: other programs, garbage, broken ones.",
                        labels: ["domain": listener.label]
                    ).increment(by: ungreeted)
                }
            }
            if pause >= 0, now >= nextCheck {
                check(at: now)
                nextCheck = now.advanced(by: .milliseconds(pause * 9 / 10))
            }
        }
    }

    /// - Returns: whether the loop can go on.
    private func takeOrders() -> Bool {
        var count: UInt64 = 0
        _ = read(wake, &count, MemoryLayout<UInt64>.size)
        let (isStopped, added) = orders.withLock { orders in
            defer { orders.guards = [] }
            return (orders.isStopped, orders.guards)
        }
        guards += added
        return !isStopped
    }

    /// Cuts connections that send without ever finishing a message.
    private func check(at now: ContinuousClock.Instant) {
        let deliveries = orders.withLock { $0.deliveries }
        for listener in guards {
            let cut = listener.check { deliveries[$0]?.value ?? 0 }
            note(cut: cut, by: listener, "a connection that finished no message was cut", now)
        }
    }

    private func note(
        cut: Int, by listener: ConnectionGuard, _ message: String, _ now: ContinuousClock.Instant
    ) {
        guard cut > 0 else { return }
        metrics.counter(
            "gedge_bus_connections_cut_total",
            help: "Connections that were cut because they finished no message, or were too many.",
            labels: ["domain": listener.label]
        ).increment(by: cut)
        if logBudget.take(at: now) { logger.warning(message, ["domain": listener.label]) }
    }

    /// Receives and answers one request.
    /// - Returns: whether the loop can go on.
    private func answerOne() -> Bool {
        let parts: [[UInt8]]
        do { parts = try receive() } catch {
            if error.code == ETERM { return false }
            if error.code == EINTR || error.code == EAGAIN { return true }
            keepShut()
            return false
        }
        let request = AuthenticationRequest(parts: parts)
        let now = ContinuousClock.now
        let verdict = request.map { request in policy.withLock { $0.verdict(on: request, at: now) } } ?? .malformed
        record(verdict, on: request, at: now)
        // The request id is repeated even when the rest is malformed, so that whoever asked can tell.
        let requestID = request?.requestID ?? (parts.count > 1 ? Array(parts[1].prefix(64)) : [])
        let answer = verdict.parts(requestID: requestID)
        for (index, part) in answer.enumerated() {
            let flags = index + 1 < answer.count ? ZMQ_SNDMORE : 0
            while zmq_send(socket, part, part.count, flags) < 0 {
                if zmq_errno() == EINTR { continue }
                // The connection that asked is gone; REP drops the rest of the answer itself.
                if zmq_errno() == ETERM { return false }
                break
            }
        }
        return true
    }

    /// libzmq's error number.
    private struct Errno: Error { let code: Int32 }

    /// All parts of the next request, each cut after `maximumPartBytes` + 1 bytes and not more than `maximumParts` + 1.
    private func receive() throws(Errno) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var more: Int32 = 1
        while more != 0 {
            var buffer = [UInt8](repeating: 0, count: AuthenticationRequest.maximumPartBytes + 1)
            let count = zmq_recv(socket, &buffer, buffer.count, parts.isEmpty ? ZMQ_DONTWAIT : 0)
            guard count >= 0 else { throw Errno(code: zmq_errno()) }
            if parts.count <= AuthenticationRequest.maximumParts {
                parts.append(Array(buffer.prefix(Int(count))))
            }
            var size = MemoryLayout<Int32>.size
            guard zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 else {
                throw Errno(code: zmq_errno())
            }
        }
        return parts
    }

    private func record(
        _ verdict: AuthenticationVerdict, on request: AuthenticationRequest?, at now: ContinuousClock.Instant
    ) {
        let domain = request.flatMap { AuthenticationDomain(rawValue: $0.domain) }?.rawValue ?? "other"
        metrics.counter(
            "gedge_bus_authentications_total", help: "Connections that asked to be admitted, by what became of them.",
            labels: ["domain": domain, "verdict": verdict.label]
        ).increment()
        guard let request, case .admitted = verdict else {
            guard logBudget.take(at: now) else {
                unlogged += 1
                return
            }
            logger.notice(
                "a connection was not admitted",
                [
                    "verdict": verdict.label, "domain": domain, "address": request?.address ?? "",
                    "key": request?.key.z85 ?? "", "unlogged": String(unlogged),
                ])
            unlogged = 0
            return
        }
        logger.debug("a connection was admitted", ["domain": domain, "address": request.address])
    }

    /// After an error that should not happen: the socket stays bound and nobody is answered, hence nobody admitted, until
    /// the loop is interrupted. Closing it would let everyone in: libzmq admits every key when no handler is bound.
    private func keepShut() {
        logger.error("the authenticator failed; no new connection is admitted until the process is started anew")
        repeat {
            var item = pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
            while poll(&item, 1, -1) < 0, Glibc.errno == EINTR {}
        } while takeOrders()
    }

    private static func error(_ what: String) -> SecurityError {
        SecurityError(.native, "\(what) (\(String(cString: zmq_strerror(zmq_errno()))))")
    }
}
