/// What libzmq tells about the connection that a message came by: names for `zmq_msg_gets`. Both are set by the
/// authenticator; a peer cannot set or replace them.
package enum ConnectionProperty {
    /// The peer's name; on the enrolment socket, the peer's key in Z85.
    package static let userID = "User-Id"
    /// The peer's key in Z85.
    package static let key = "X-Key"
}
