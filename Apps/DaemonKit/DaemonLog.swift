public import Store
public import Telemetry

/// A daemon's log: JSON lines in its state directory, the same for people on standard error.
public struct DaemonLog: Sendable {
    public let logger: Logger
    /// The JSON lines, for whoever asks over the bus.
    public let file: LogFile

    public init(state: StateDirectory, label: String, settings: LogSettings) throws {
        let path = "\(try state.subdirectory("logs"))/\(label).jsonl"
        let sink = try JSONLinesSink(path: path, maximumBytes: settings.maximumBytes)
        logger = Logger(label: label, sink: TeeSink([sink, TerminalSink()]), level: settings.level)
        file = LogFile(path: path)
    }
}
