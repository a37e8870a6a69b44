public import Contracts

extension Bus {
    /// Listens on `address`; call it before `run`.
    ///
    /// With `.curve`, the authenticator is running before the first socket is bound. A `tcp` address needs `.curve`; an
    /// `ipc` directory needs mode 0700, because whoever can open the sockets is believed.
    /// - Returns: the address with the port that was chosen when it asked for port 0.
    /// - Throws: `BusError` `invalid-address`, `misuse` or `native`, with what to do.
    @discardableResult
    public func listen(_ address: BusAddress, security: ListenSecurity) throws -> BusAddress {
        let registry = registry
        return try loop.whileIdle { board throws(BusError) in
            try board.listen(address, security: security, registry: registry)
        }
    }

    /// Connects to the listener at `address`, which calls to `.peer(name)` then reach, and connects again for as long as the
    /// bus runs whenever the connection is lost.
    /// - Throws: `BusError` `invalid-address` or `misuse`; that nobody listens there is no error, see `ready`.
    public func connect(
        _ address: BusAddress, as name: PeerID = .core, security: ConnectSecurity
    ) throws {
        try address.check(security)
        if case .tcp(_, 0) = address.transport {
            throw BusError(.invalidAddress, "'\(address)' has no port to connect to")
        }
        guard loop.perform({ $0.connect(address, as: name, security: security) }) else { throw BusError.closing }
    }

    /// Ends what `connect` began with `peer`: nothing is connected to it any more. A session that it began itself stays.
    public func disconnect(_ peer: PeerID) {
        loop.perform { $0.disconnect(peer) }
    }

    /// Ends every session with `peer` and tells it that it is no longer admitted. Take its key out of the directory first:
    /// then it cannot come back.
    public func cutOff(_ peer: PeerID) {
        loop.perform { $0.cutOff(peer) }
    }
}
