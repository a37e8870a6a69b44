import Contracts

/// A question of ours that a peer has not answered yet. Belongs to the loop's thread.
struct Ask {
    enum Kind {
        case call(CheckedContinuation<RawReply, any Error>)
        case stream(StreamBuffer)
    }

    let session: Session
    let question: Question
    let kind: Kind
    /// Whether a deadline is queued for it.
    let hasDeadline: Bool

    /// Ends it with an error.
    func fail(_ error: any Error) {
        switch kind {
        case .call(let continuation): continuation.resume(throwing: error)
        case .stream(let buffer): buffer.finish(error)
        }
    }
}
