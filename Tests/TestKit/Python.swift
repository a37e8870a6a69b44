import Foundation

/// The Python interpreter with which tests run their oracles and peers.
///
/// `GEDGE_PYTHON` names it; `Tools/test` sets it to an environment with the pinned packages, and then a package that is
/// missing fails the test. Without it, `python3` is used where it has what a test needs, and the test is skipped by name
/// where it has not:
///
/// ```swift
/// @Test(.enabled(if: Python.has("numpy"), "needs NumPy: run Tools/test")) func agreesWithNumPy() async throws { … }
/// ```
public enum Python {
    /// The interpreter's path or name.
    public static var interpreter: String { configured ?? "python3" }

    private static var configured: String? {
        ProcessInfo.processInfo.environment["GEDGE_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether a test that imports `modules` is to run.
    public static func has(_ modules: String...) -> Bool {
        if configured != nil { return true }
        do {
            let imports = modules.map { "import \($0)" }.joined(separator: "\n")
            return try ChildProcess.runToEnd([interpreter, "-c", imports]).status == 0
        } catch {
            return false
        }
    }

    /// The interpreter of the benchmarks' environment (`Tools/bootstrap --bench`), where there is one with `modules`: for peers
    /// that are too large for the tests' own environment.
    public static func benchmark(_ modules: String...) -> String? {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".build/bench-venv/bin/python").path
        let imports = modules.map { "import \($0)" }.joined(separator: "\n")
        do {
            return try ChildProcess.runToEnd([path, "-c", imports]).status == 0 ? path : nil
        } catch { return nil }
    }

    /// A script of `Tests/peers`.
    public static func peer(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("peers/\(name)").path
    }

    /// Runs a script to its end.
    /// - Returns: what it printed.
    /// - Throws: `PythonFailure` with its standard error unless it ends with status 0.
    @discardableResult
    public static func run(_ script: String, _ arguments: [String] = []) async throws -> String {
        let output = try await ChildProcess.run([interpreter, "-B", script] + arguments)
        guard output.status == 0 else { throw PythonFailure(script: script, output: output) }
        return output.standardOutput
    }

    /// Runs a program given as text to its end; otherwise as `run(_:_:)`.
    @discardableResult
    public static func run(program: String, _ arguments: [String] = []) async throws -> String {
        let directory = try TemporaryDirectory("gedge-python")
        let script = directory.file("program.py")
        try Data(program.utf8).write(to: URL(fileURLWithPath: script))
        defer { withExtendedLifetime(directory) {} }
        return try await run(script, arguments)
    }
}

/// A script that ended badly.
public struct PythonFailure: Error, CustomStringConvertible {
    public let script: String
    public let output: ChildProcess.Output

    public var description: String {
        "\(script) ended with status \(output.status):\n\(output.standardOutput)\(output.standardError)"
    }
}
