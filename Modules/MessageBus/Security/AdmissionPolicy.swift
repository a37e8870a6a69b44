import Contracts

/// Who is admitted: a pure function of the request, the directory and the enrolment budget.
struct AdmissionPolicy: Sendable {
    let directory: any PeerDirectory
    /// Bounds how often strangers may connect to the enrolment socket, and how often they may fail there.
    var enrolmentBudget: TokenBucket

    mutating func verdict(on request: AuthenticationRequest, at now: ContinuousClock.Instant) -> AuthenticationVerdict {
        switch AuthenticationDomain(rawValue: request.domain) {
        case .peer:
            guard let peer = directory.peer(for: request.key), Self.canBeUserID(peer.text) else { return .denied }
            return .admitted(userID: peer.text, key: request.key)
        case .enrolment:
            guard directory.acceptsEnrolment else { return .denied }
            guard enrolmentBudget.take(at: now) else { return .postponed }
            return .admitted(userID: request.key.z85, key: request.key)
        case nil: return .denied
        }
    }

    /// libzmq hands a user id out as a C string and reads an empty one as "anonymous".
    private static func canBeUserID(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && !name.utf8.contains(0)
    }
}
