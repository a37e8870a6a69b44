/// What a frame is for. The raw values are part of the wire format and never change meaning.
public enum FrameKind: UInt8, Sendable, CaseIterable {
    /// A call: answered by one `reply` or one `failure` with the same correlation.
    case request = 1
    /// The answer to a `request`.
    case reply = 2
    /// The answer that could not be given: ends a `request` or a stream; with correlation 0 it says that a frame could
    /// not be understood.
    case failure = 3
    /// An announcement that nobody answers.
    case event = 4
    /// A call answered by a sequence of items; `argument` is the first credit in bytes.
    case streamOpen = 5
    /// One item of a stream; `argument` is its number, from 0.
    case streamItem = 6
    /// More credit for a stream; `argument` is the bytes granted.
    case streamCredit = 7
    /// The stream is complete; `argument` is how many items were sent. Answered by one with the acknowledgement flag.
    case streamEnd = 8
    /// The asker of a `request` or a stream no longer wants the answer.
    case cancel = 9
    /// The first frame of a session on each lane, from the side that connected.
    case hello = 10
    /// The answer to a `hello`.
    case welcome = 11
    /// "I am here."
    case heartbeat = 12
    /// The last frame of a session; answered by one with the acknowledgement flag.
    case goodbye = 13
}
