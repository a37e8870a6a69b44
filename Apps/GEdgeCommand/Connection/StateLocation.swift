import Contracts
import Core
import FoundationEssentials
import Glibc

/// Where the state directory of the daemon to be asked lies, and how that was decided: the core's, or an edge's.
struct StateLocation: Sendable, Hashable {
    let path: String
    /// The daemon whose directory it is: the core, unless an edge enrolled there.
    let daemon: PeerID

    /// The directory that `--state-dir` names, else `GEDGE_STATE`, else the user's default.
    init(flag: String?, environment: [String: String]) {
        let named = environment["GEDGE_STATE"].flatMap { $0.isEmpty ? nil : $0 }
        self.init(path: Self.absolute(flag ?? named ?? StatePath.standard("core", environment: environment)))
    }

    private init(path: String) {
        self.path = path
        daemon = Self.edge(in: path) ?? .core
    }

    /// For commands about what arises here: this directory if a person named it, else that of the edge of this machine if
    /// there is one (`GEDGE_EDGE_STATE_DIRECTORY`, else the user's default), else this one.
    func nearest(flag: String?, environment: [String: String]) -> StateLocation {
        guard flag == nil, (environment["GEDGE_STATE"] ?? "").isEmpty else { return self }
        let named = environment["GEDGE_EDGE_STATE_DIRECTORY"].flatMap { $0.isEmpty ? nil : $0 }
        let edge = StateLocation(
            path: Self.absolute(named ?? StatePath.standard("edge", environment: environment)))
        return edge.daemon == .core ? self : edge
    }

    /// The address at which the daemon listens for commands of this machine.
    var address: String {
        daemon == .core ? StatePath.commandAddress(in: path) : StatePath.edgeCommandAddress(in: path)
    }

    /// The daemon in a sentence.
    var noun: String { daemon == .core ? "the core" : "edge '\(daemon)'" }

    /// What a person does when nobody answers.
    var remedy: String {
        if daemon != .core { return "Start it with 'edge-cloud --config FILE'" }
        return
            "Start one with 'core-cloud --config FILE', or say where its state lies with --state-dir DIR or GEDGE_STATE"
    }

    /// The edge that enrolled with this state directory.
    private static func edge(in directory: String) -> PeerID? {
        struct Identity: Decodable { var name: Name }
        // `try?`: what cannot be read is no edge's; the core that is asked instead says what is wrong.
        guard let data = try? Data(contentsOf: URL(filePath: StatePath.edgeIdentity(in: directory))),
            let identity = try? JSONDecoder().decode(Identity.self, from: data)
        else { return nil }
        return PeerID(identity.name)
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
