public import Core

/// What goes wrong in `Topology`.
public struct TopologyError: ModuleError {
    public let code: String
    public let message: String
    public let cause: (any Error)?
    public var isRetriable: Bool { false }

    init(_ code: String, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    static func unknownEdge(_ name: some CustomStringConvertible) -> TopologyError {
        TopologyError("not-found", "there is no edge '\(name)'; 'gedge get edges' lists those that are enrolled")
    }
}
