import Foundation

/// The executables under test: beside the test runner itself, where the build puts them.
enum Executables {
    static let directory: String =
        ProcessInfo.processInfo.environment["GEDGE_BIN"]
        ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path

    static func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// The root of the package, from where this file lies.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
}
