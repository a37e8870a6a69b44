public import Core

/// The look for damage in everything that a cloud stores: the one that goes on, or the last one.
public struct ScrubStatus: Codable, Sendable, Hashable {
    public var isRunning: Bool
    /// Bytes read, of about `totalBytes`.
    public var checkedBytes: Int
    public var totalBytes: Int
    public var started: Timestamp?
    /// When the last one that came to its end did.
    public var finished: Timestamp?
    /// When the next one begins; absent while one goes on, and where none is planned.
    public var next: Timestamp?
    /// Leaves that it found damaged.
    public var damaged: Int
    /// Manifests that damage made incomplete, whoever found it, and that are not whole again.
    public var waiting: Int

    public init(
        isRunning: Bool, checkedBytes: Int, totalBytes: Int, started: Timestamp?, finished: Timestamp?,
        next: Timestamp?, damaged: Int, waiting: Int
    ) {
        self.isRunning = isRunning
        self.checkedBytes = checkedBytes
        self.totalBytes = totalBytes
        self.started = started
        self.finished = finished
        self.next = next
        self.damaged = damaged
        self.waiting = waiting
    }
}
