/// Where a daemon keeps its state unless it is told otherwise, and where in it the core listens for the command line; agreed
/// between the daemons and the command line.
public enum StatePath {
    /// `$XDG_STATE_HOME/gedge/{role}`, or `~/.local/state/gedge/{role}` when that variable is not an absolute path (XDG Base
    /// Directory Specification 0.8).
    /// - Parameter role: `core` or `edge`.
    public static func standard(_ role: String, environment: [String: String]) -> String {
        if let base = environment["XDG_STATE_HOME"], base.hasPrefix("/") { return "\(base)/gedge/\(role)" }
        return "\(environment["HOME"] ?? "")/.local/state/gedge/\(role)"
    }

    /// The bus address at which a core with this state directory listens for commands of its own machine.
    public static func commandAddress(in directory: String) -> String { "ipc://\(directory)/run/core" }

    /// The bus address at which an edge with this state directory listens for commands of its own machine.
    public static func edgeCommandAddress(in directory: String) -> String { "ipc://\(directory)/run/edge" }

    /// Where an edge listens for trainers.
    public static func trainerAddress(in directory: String) -> String { "ipc://\(directory)/run/trainer" }

    /// The file in an edge's state directory that says who the edge is; no other daemon's has it.
    public static func edgeIdentity(in directory: String) -> String { "\(directory)/identity.json" }
}
