import Core

/// `gedge version`.
enum VersionCommand {
    static let command = Command("version", topic: .help, summary: "print the version") { _, context in
        try context.console.print(text)
        return .success
    }

    static var text: String { "gedge \(Version.current)" }
}
