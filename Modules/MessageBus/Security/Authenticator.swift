import CZeroMQ
import Synchronization
package import Telemetry

/// The gatekeeper of a ZeroMQ context: a thread that decides for every CURVE connection whether its key is admitted.
///
/// libzmq asks it over `inproc://zeromq.zap.01`, and admits **every** key while nothing is bound there. Hence the order:
/// `start()` before any socket of the context binds `tcp`, `stop()` after all of them are closed.
package final class Authenticator: Sendable {
    private enum State {
        case idle(AuthenticatorLoop)
        case running(AuthenticatorLoop, JoinableThread)
        case stopped
    }

    private let state: Mutex<State>
    // nonisolated(unsafe): a ZeroMQ context may be used from any thread.
    private nonisolated(unsafe) let context: UnsafeMutableRawPointer

    /// Binds the context's ZAP endpoint: from here on nobody is admitted who is not answered for.
    /// - Parameters:
    ///   - context: a ZeroMQ context that outlives the authenticator.
    ///   - directory: asked on the authenticator's thread, once for each new connection.
    ///   - enrolmentBurst: how many strangers may connect to the enrolment socket at once; after that,
    ///     `enrolmentsPerSecond` of them.
    /// - Throws: `SecurityError` `native` when the context has an authenticator already.
    package init(
        context: UnsafeMutableRawPointer, directory: any PeerDirectory, logger: Logger, metrics: MetricsRegistry,
        enrolmentBurst: Int = 32, enrolmentsPerSecond: Double = 2
    ) throws(SecurityError) {
        let policy = AdmissionPolicy(
            directory: directory,
            enrolmentBudget: TokenBucket(capacity: enrolmentBurst, perSecond: enrolmentsPerSecond))
        self.context = context
        state = Mutex(
            .idle(try AuthenticatorLoop(context: context, policy: policy, logger: logger, metrics: metrics)))
    }

    /// Starts answering. Starting twice does nothing.
    /// - Throws: `SecurityError` `native` when the system refuses a thread.
    package func start() throws(SecurityError) {
        try state.withLock { state throws(SecurityError) in
            guard case .idle(let loop) = state else { return }
            state = .running(loop, try JoinableThread(name: "gedge-zap") { loop.run() })
        }
    }

    /// Stops answering and gives the endpoint up; waits for the thread, which takes no longer than one question to the
    /// directory. Only after every `tcp` socket of the context is closed: see above.
    package func stop() {
        let before = state.withLock { state in
            let before = state
            state = .stopped
            return before
        }
        switch before {
        case .idle(let loop):
            loop.interrupt()
            loop.run()
        case .running(let loop, let thread):
            loop.interrupt()
            thread.join()
        case .stopped: break
        }
    }

    /// A stranger on the enrolment socket showed a wrong token: strangers are admitted more slowly for a while.
    package func reportFailedEnrolment() {
        state.withLock { state in
            guard case .running(let loop, _) = state else { return }
            loop.penaliseEnrolment(at: ContinuousClock.now)
        }
    }

    /// Watches a listening socket of the context, and cuts connections that send without ever finishing a message: libzmq
    /// keeps their parts in memory without a bound. Call it once, after the socket is bound to `tcp`, on its own thread; end
    /// it with `zmq_socket_monitor(socket, nil, 0)` before the socket is closed and the authenticator stopped.
    /// - Parameter messageBytes: the largest whole message; a connection may receive so much, and some more, without
    ///   delivering anything.
    /// - Throws: `SecurityError` `native` when the socket cannot be watched.
    package func watch(
        _ socket: UnsafeMutableRawPointer, _ domain: AuthenticationDomain, messageBytes: Int
    ) throws(SecurityError) {
        let slack = domain == .enrolment ? 64 << 10 : 16 << 20
        let listener = try ConnectionGuard(socket, context: context, domain: domain, limit: messageBytes + slack)
        let isAccepted = state.withLock { state in
            switch state {
            case .idle(let loop), .running(let loop, _):
                loop.add(listener)
                return true
            case .stopped: return false
            }
        }
        if !isAccepted {
            zmq_socket_monitor(socket, nil, 0)
            listener.close()
        }
    }

    /// Says that `counter` counts the messages of the connection with this file descriptor (`ZMQ_SRCFD` of its messages).
    package func count(_ descriptor: Int32, by counter: DeliveryCounter) {
        state.withLock { state in
            switch state {
            case .idle(let loop), .running(let loop, _): loop.count(descriptor, by: counter)
            case .stopped: break
            }
        }
    }

    deinit { stop() }
}
