extension ChildProcess {
    /// The first line that the program prints, such as the port it listens on.
    /// - Throws: `DidNotStart` when it ended without one.
    public func firstLine() async throws -> String {
        while true {
            let isOver = !isRunning
            let text = standardOutput
            if let end = text.firstIndex(of: "\n") { return String(text[..<end]) }
            if isOver { throw DidNotStart(description: "the program ended without a line: \(standardError)") }
            // Its output is a file, which has no event for more.
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
