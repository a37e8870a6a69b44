import Contracts

/// A socket and what its messages mean. Belongs to the loop's thread.
final class Port {
    enum Role {
        case listener(Listener)
        case connector(Connector)
        case enrolment(Listener)
        case monitor(Connector, SocketMonitor)
    }

    let socket: Socket
    let lane: Lane
    let role: Role

    init(_ socket: Socket, lane: Lane, role: Role) {
        self.socket = socket
        self.lane = lane
        self.role = role
    }
}
