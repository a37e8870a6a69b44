import Core
import Glibc

/// Where the core's state directory lies, and how that was decided.
struct StateLocation: Sendable, Hashable {
    let path: String

    /// The directory that `--state-dir` names, else `GEDGE_STATE`, else the user's default.
    init(flag: String?, environment: [String: String]) {
        let named = environment["GEDGE_STATE"].flatMap { $0.isEmpty ? nil : $0 }
        path = Self.absolute(flag ?? named ?? StatePath.standard("core", environment: environment))
    }

    /// The address at which the core listens for commands of this machine.
    var address: String { StatePath.commandAddress(in: path) }

    /// What a person does when no core answers.
    var remedy: String {
        "Start one with 'core-cloud --config FILE', or say where its state lies with --state-dir DIR or GEDGE_STATE"
    }

    private static func absolute(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if path.hasPrefix("/") { return path }
        guard let buffer = getcwd(nil, 0) else { return path }
        defer { free(buffer) }
        return String(cString: buffer) + "/" + path
    }
}
