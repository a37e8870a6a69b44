import Contracts
import CZeroMQ
import Glibc
import Telemetry
import Core

extension Switchboard {
    /// How often a listener that may choose its ports tries other ones.
    private static let portAttempts = 64

    /// Binds the sockets of `address`.
    /// - Returns: the address with its actual port.
    func listen(
        _ address: BusAddress, security: ListenSecurity, registry: MetricsRegistry
    ) throws(BusError) -> BusAddress {
        try address.check(security)
        if case .ipc(let path) = address.transport { try Self.checkDirectory(of: path) }
        if case .curve(_, let directory) = security { try startAuthenticator(directory, registry) }
        guard case .tcp(let host, 0) = address.transport else {
            try bind(address, security)
            return address
        }
        var generator = SystemRandomNumberGenerator()
        var lastError: BusError?
        for _ in 0..<Self.portAttempts {
            // Below the range from which Linux takes the ports of outgoing connections.
            let port = Int.random(in: 5_000..<8_000, using: &generator) * BusAddress.portCount
            let candidate = BusAddress(transport: .tcp(host: host, port: port))
            do {
                try bind(candidate, security)
                return candidate
            } catch { lastError = error }
        }
        throw lastError ?? BusError(.invalidAddress, "no free ports for \(address)")
    }

    /// Who can open the sockets of an `ipc` address is believed: only this user may.
    private static func checkDirectory(of path: String) throws(BusError) {
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        var status = stat()
        guard stat(directory.isEmpty ? "/" : directory, &status) == 0 else {
            throw BusError(.invalidAddress, "the directory \(directory) does not exist; make it with mode 0700")
        }
        guard status.st_mode & 0o077 == 0, status.st_uid == geteuid() else {
            throw BusError(
                .invalidAddress,
                "other users can reach sockets in \(directory); choose a directory of one's own with mode 0700")
        }
    }

    private func startAuthenticator(_ directory: any PeerDirectory, _ registry: MetricsRegistry) throws(BusError) {
        guard authenticator == nil else {
            throw BusError(.misuse, "a bus listens with CURVE on one address; make another bus for another")
        }
        let pointer = try context.pointer
        do {
            let authenticator = try Authenticator(
                context: pointer, directory: directory, logger: logger, metrics: registry)
            try authenticator.start()
            self.authenticator = authenticator
        } catch { throw BusError(.native, "cannot start the authenticator", cause: error) }
    }

    private func bind(_ address: BusAddress, _ security: ListenSecurity) throws(BusError) {
        var directory: (any PeerDirectory)?
        if case .curve(_, let known) = security { directory = known }
        let listener = Listener(address: address, directory: directory)
        var bound: [Port] = []
        for lane in Lane.allCases {
            let socket = try makeSocket(ZMQ_ROUTER, frameLimit: configuration.frames[lane].partBytes)
            try socket.set(ZMQ_ROUTER_MANDATORY, 1)
            try secure(socket, security, .peer)
            try socket.bind(address.endpoint(lane))
            let limits = configuration.frames[lane]
            try watch(socket, security, .peer, messageBytes: limits.headBytes + limits.totalAttachmentBytes)
            bound.append(Port(socket, lane: lane, role: .listener(listener)))
        }
        listener.ports = bound
        if case .curve = security, let endpoint = address.enrolmentEndpoint {
            let socket = try makeSocket(ZMQ_ROUTER, frameLimit: EnrolmentDesk.maximumFrameBytes)
            try socket.set(ZMQ_RCVHWM, 16)
            try secure(socket, security, .enrolment)
            try socket.bind(endpoint)
            try watch(socket, security, .enrolment, messageBytes: EnrolmentDesk.maximumFrameBytes)
            let port = Port(socket, lane: .control, role: .enrolment(listener))
            listener.enrolmentPort = port
            bound.append(port)
        }
        listeners.append(listener)
        ports += bound
        startTicking()
    }

    /// A socket with what all of them have in common.
    private func makeSocket(_ kind: Int32, frameLimit: Int) throws(BusError) -> Socket {
        let socket = try Socket(context, kind: kind)
        // One frame's bound; the number of frames is checked as they come. No ZMTP heartbeats: they abort the process.
        try socket.set(ZMQ_MAXMSGSIZE, large: Int64(frameLimit))
        // Whoever connects and does not greet is gone soon; libzmq would wait half a minute.
        try socket.set(ZMQ_HANDSHAKE_IVL, 5000)
        try socket.set(ZMQ_IPV6, 1)
        return socket
    }

    private func secure(
        _ socket: Socket, _ security: ListenSecurity, _ domain: AuthenticationDomain
    ) throws(BusError) {
        guard case .curve(let keys, _) = security else { return }
        try socket.set(ZMQ_CURVE_SERVER, 1)
        try socket.set(secretKey: keys)
        try socket.set(ZMQ_ZAP_DOMAIN, domain.rawValue)
    }

    /// Cuts connections to `socket` that send and never finish a message, whose parts libzmq keeps without a bound.
    private func watch(
        _ socket: Socket, _ security: ListenSecurity, _ domain: AuthenticationDomain, messageBytes: Int
    ) throws(BusError) {
        guard case .curve = security else { return }
        do {
            try authenticator?.watch(socket.pointer, domain, messageBytes: messageBytes)
        } catch { throw BusError(.native, "cannot watch the connections", cause: error) }
    }

    // MARK: - Connecting

    func connect(_ address: BusAddress, as peer: PeerID, security: ConnectSecurity) {
        let connector = Connector(
            address: address, peer: peer, security: security, conduct: makeConduct(), now: ContinuousClock.now)
        connectors.append(connector)
        startTicking()
        attempt(connector)
    }

    func makeConduct() -> ConductMeter {
        ConductMeter(limit: configuration.maximumOffences, window: configuration.offenceWindow)
    }

    /// Makes sockets of its own for a new session, and says hello on each.
    func attempt(_ connector: Connector) {
        guard case .open = phase, case .pausing = connector.phase else { return }
        roster.attemptStarted(connector.peer)
        let session = Session(
            number: makeNumber(), side: .connecting(connector), epoch: makeEpoch(), peer: connector.peer, instance: "",
            wake: wake, now: now)
        do {
            try open(connector)
        } catch {
            logger.error("cannot connect", ["peer": connector.peer.text], error: error)
            abandonAttempt(connector)
            pause(connector, because: error)
            return
        }
        connector.phase = .engaged(session)
        sessions[session.number] = session
        let hello = encode(
            HelloBody(
                identity: configuration.identity, instance: instance, subscriptions: handlers.subscriptions,
                software: configuration.software, heartbeatMilliseconds: Int(configuration.heartbeat.milliseconds),
                leaseMilliseconds: Int(configuration.lease.milliseconds)))
        for lane in Lane.allCases {
            send(
                OutgoingMessage(header: FrameHeader(kind: .hello, lane: lane), body: hello), to: session, .mustSend)
        }
    }

    private func open(_ connector: Connector) throws(BusError) {
        for lane in Lane.allCases {
            let socket = try makeSocket(ZMQ_DEALER, frameLimit: configuration.frames[lane].partBytes)
            // libzmq tries again by itself until the first connection stands; after that a lost one ends the session.
            try socket.set(ZMQ_RECONNECT_IVL, Int32(clamping: max(1, configuration.reconnect.base.milliseconds)))
            try socket.set(
                ZMQ_RECONNECT_IVL_MAX, Int32(clamping: max(1, min(1000, configuration.reconnect.maximum.milliseconds))))
            if case .curve(let client, let serverKey) = connector.security {
                try socket.set(ZMQ_CURVE_SERVERKEY, serverKey.z85)
                try socket.set(ZMQ_CURVE_PUBLICKEY, client.publicKey.z85)
                try socket.set(secretKey: client)
            }
            let monitor = try SocketMonitor(context, watching: socket, number: makeMonitorNumber())
            try socket.connect(connector.address.endpoint(lane))
            connector.ports.append(Port(socket, lane: lane, role: .connector(connector)))
            connector.monitors.append(Port(monitor.socket, lane: lane, role: .monitor(connector, monitor)))
        }
        ports += connector.ports + connector.monitors
    }

    /// Closes the sockets of an attempt or a session.
    func abandonAttempt(_ connector: Connector) {
        let closed = connector.monitors + connector.ports
        for port in closed { close(port) }
        connector.ports = []
        connector.monitors = []
        ports.removeAll { port in closed.contains { $0 === port } }
        if let session = connector.session { end(session, reason: .closing) }
        connector.phase = .pausing(until: now)
    }

    /// Closes a port's socket; a monitor goes before what it watches.
    func close(_ port: Port) {
        if case .monitor(_, let monitor) = port.role {
            monitor.close()
        } else {
            port.socket.close(linger: Self.linger)
        }
    }

    /// A session number that grows: microseconds since 1970, or one more than the last.
    private func makeEpoch() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let microseconds = UInt64(max(0, time.tv_sec)) * 1_000_000 + UInt64(time.tv_nsec / 1000)
        lastEpoch = max(lastEpoch + 1, microseconds)
        return lastEpoch
    }

    /// Unique among the buses that share the context.
    private func makeMonitorNumber() -> UInt64 { UInt64.random(in: .min ... .max) }
}

extension Socket {
    func set(secretKey keys: KeyPair) throws(BusError) {
        let isSet = keys.withSecretZ85 { zmq_setsockopt(pointer, ZMQ_CURVE_SECRETKEY, $0, 41) == 0 }
        guard isSet else { throw Socket.error("libzmq takes no CURVE keys; install one built with libsodium") }
    }
}
