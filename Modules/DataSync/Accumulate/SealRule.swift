import Contracts
import Core

/// When what was appended to a data set becomes a version.
struct SealRule: Sendable, Hashable {
    /// As soon as so many bytes are in no version.
    var bytes: Int
    /// As soon as so many records are; `nil` for any number.
    var records: Int?
    /// At the latest so long after the first of them came.
    var age: Duration

    /// What the daemon's configuration says, but for what the threshold of a policy's rule does: what gathers for a transfer
    /// is sealed when it may go.
    init(bytes: Int, age: Duration, threshold: SyncThreshold?) {
        self.bytes = min(bytes, threshold?.bytes?.bytes ?? .max)
        records = threshold?.records
        self.age = age
    }

    /// Whether it is time.
    func isDue(_ open: OpenData, now: Timestamp) -> Bool {
        guard open.bytes > 0 || open.files > 0 else { return false }
        if open.bytes >= bytes { return true }
        if let records, open.records >= records { return true }
        // A clock that was set back must not hold it up for longer than `age`.
        return now >= open.first.advanced(by: age) || now < open.first
    }
}
