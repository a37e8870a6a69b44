public import Core

/// One thing that happened, as a sink receives it.
public struct LogRecord: Sendable {
    public var time: Timestamp
    public var level: LogLevel
    /// The part of the program that speaks, such as `bus` or `fedlearn`.
    public var label: String
    public var message: String
    /// Sorted by key, each key once; never one of `reservedKeys`.
    public var metadata: [(key: String, value: String)]
    /// The failure the record is about, in the words of its `ModuleError`.
    public var error: Failure?

    /// The keys of a JSON record that metadata may not take; such metadata is written with a trailing underscore.
    public static let reservedKeys: Set<String> = ["time", "level", "label", "message", "error"]

    public init(
        time: Timestamp, level: LogLevel, label: String, message: String, metadata: [String: String] = [:],
        error: Failure? = nil
    ) {
        self.time = time
        self.level = level
        self.label = label
        self.message = message
        self.metadata = metadata.map { (Self.reservedKeys.contains($0.key) ? $0.key + "_" : $0.key, $0.value) }
            .sorted { $0.0 < $1.0 }
        self.error = error
    }

    /// The value of metadata `key`, or `nil`.
    public subscript(key: String) -> String? { metadata.first { $0.key == key }?.value }
}
