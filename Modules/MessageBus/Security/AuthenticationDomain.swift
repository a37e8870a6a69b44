/// What a listening socket is for, as its `ZMQ_ZAP_DOMAIN` tells the authenticator. Connections of any other domain are
/// denied.
package enum AuthenticationDomain: String, Sendable, CaseIterable {
    /// The three lanes: only keys of the directory; the `User-Id` of each message is the peer's name.
    case peer = "gedge.peer"
    /// The enrolment socket: any key while a token can be traded; the `User-Id` is the key in Z85.
    case enrolment = "gedge.enrol"
}
