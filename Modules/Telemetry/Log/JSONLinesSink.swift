import Core
import Glibc
import Synchronization

/// Writes records as lines of JSON to a file of mode 0600, which is rotated by size: `core.log`, `core.log.1`, ….
///
/// A record is on its way to the disk when `write` returns; it survives the death of the process, not a power loss. When
/// the disk is full or failing, records are dropped and counted, standard error says so once, and the first line that can
/// be written again says how many were lost.
public final class JSONLinesSink: LogSink {
    private let path: String
    private let maximumBytes: Int
    private let keptFiles: Int
    private let clock: any WallClock
    private let complaints: any ComplaintOutput
    private let state: Mutex<State>

    private struct State {
        var file: LogDescriptor?
        var dropped = 0
        var totalDropped = 0
        var rotationFailed = false
    }

    /// - Parameters:
    ///   - maximumBytes: the size past which a file is rotated.
    ///   - keptFiles: how many rotated files are kept beside the current one.
    /// - Throws: `TelemetryError` when the file cannot be opened.
    public convenience init(path: String, maximumBytes: Int = 16 << 20, keptFiles: Int = 4) throws {
        try self.init(
            path: path, maximumBytes: maximumBytes, keptFiles: keptFiles, clock: SystemWallClock(),
            complaints: StandardErrorComplaints())
    }

    init(
        path: String, maximumBytes: Int, keptFiles: Int, clock: any WallClock, complaints: any ComplaintOutput
    ) throws {
        precondition(maximumBytes > 0 && keptFiles > 0, "a log needs room for a file and for a rotated one")
        self.path = path
        self.maximumBytes = maximumBytes
        self.keptFiles = keptFiles
        self.clock = clock
        self.complaints = complaints
        state = Mutex(State(file: try LogDescriptor(path: path)))
    }

    public func write(_ record: LogRecord) {
        let line = JSONLine.bytes(record)
        state.withLock { write(line, &$0) }
    }

    /// How many records could not be written since the start.
    public var droppedRecords: Int { state.withLock { $0.totalDropped } }

    private func write(_ line: [UInt8], _ state: inout State) {
        do {
            let file = try prepare(line.count, &state)
            var bytes = line
            if state.dropped > 0 {
                let note = LogRecord(
                    time: clock.now(), level: .warning, label: "telemetry",
                    message: "\(state.dropped) log records were lost because the log could not be written",
                    metadata: ["lost": String(state.dropped)])
                bytes = JSONLine.bytes(note) + line
            }
            try file.append(bytes)
            if state.dropped > 0 {
                complaints.say("the log \(path) is written again; \(state.dropped) records were lost")
                state.dropped = 0
            }
        } catch {
            if state.dropped == 0 { complaints.say("\(error.message); log records are dropped until it works again") }
            state.dropped += 1
            state.totalDropped += 1
        }
    }

    /// The file with room for `count` more bytes: a new one when the current one is full, or is gone.
    private func prepare(_ count: Int, _ state: inout State) throws(TelemetryError) -> LogDescriptor {
        if let file = state.file, !file.isDeleted {
            if file.size == 0 || file.size + count <= maximumBytes { return file }
            if let number = rotate() {
                if !state.rotationFailed {
                    complaints.say("cannot rotate the log \(path): \(SystemError.text(number)); it keeps growing")
                }
                state.rotationFailed = true
                return file
            }
            state.rotationFailed = false
        }
        state.file = nil
        let file = try LogDescriptor(path: path)
        state.file = file
        return file
    }

    /// Gives every file the next number, the oldest one's place to the one before it.
    /// - Returns: the system's error number, or `nil`.
    private func rotate() -> Int32? {
        for number in (1..<keptFiles).reversed() {
            let (from, to) = (LogFileName.rotated(path, number), LogFileName.rotated(path, number + 1))
            if rename(from, to) != 0, errno != ENOENT { return errno }
        }
        return rename(path, LogFileName.rotated(path, 1)) == 0 ? nil : errno
    }
}

/// What the files of a log are called.
enum LogFileName {
    /// - Parameter number: 0 for the current file; the higher, the older.
    static func rotated(_ path: String, _ number: Int) -> String { number == 0 ? path : "\(path).\(number)" }
}

/// Where a sink says that it cannot do its work.
protocol ComplaintOutput: Sendable {
    func say(_ text: String)
}

struct StandardErrorComplaints: ComplaintOutput {
    func say(_ text: String) {
        let bytes = Array("gedge: \(text)\n".utf8)
        // Standard error is the last resort; there is nobody to tell that it failed.
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
