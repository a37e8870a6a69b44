extension BusAddress {
    /// Whether peers may be reached at this address with `security`.
    func check(_ security: ConnectSecurity) throws(BusError) {
        switch (transport, security) {
        case (.tcp, .none):
            throw BusError(.misuse, "'\(self)' needs CURVE keys: nothing goes over tcp without encryption")
        case (.ipc, .curve), (.inproc, .curve):
            throw BusError(.misuse, "'\(self)' takes no CURVE keys: it never leaves this machine")
        case (.tcp, .unencrypted) where isLoopback: break
        case (_, .unencrypted):
            throw BusError(.misuse, "'\(self)' may not go without encryption, not even in a benchmark")
        case (.tcp, .curve), (.ipc, .none), (.inproc, .none): break
        }
    }

    /// Whether a listener at this address may have `security`.
    func check(_ security: ListenSecurity) throws(BusError) {
        switch (transport, security) {
        case (.tcp, .none):
            throw BusError(.misuse, "'\(self)' needs CURVE keys: nothing goes over tcp without encryption")
        case (.ipc, .curve), (.inproc, .curve):
            throw BusError(.misuse, "'\(self)' takes no CURVE keys: it never leaves this machine")
        case (.tcp, .unencrypted) where isLoopback: break
        case (_, .unencrypted):
            throw BusError(.misuse, "'\(self)' may not go without encryption, not even in a benchmark")
        case (.tcp, .curve), (.ipc, .none), (.inproc, .none): break
        }
    }
}
