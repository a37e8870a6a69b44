import Synchronization

@testable import GEdgeCommand

/// A terminal that keeps what was written to it.
final class ScriptedTerminal: Terminal {
    let isInteractive: Bool
    let width: Int
    let height: Int
    private let written = Mutex("")

    init(isInteractive: Bool = false, width: Int = 100, height: Int = 40) {
        self.isInteractive = isInteractive
        self.width = width
        self.height = height
    }

    var text: String { written.withLock { $0 } }
    var lines: [String] { text.split(separator: "\n").map(String.init) }

    func write(_ text: String) throws { written.withLock { $0 += text } }
}

/// A terminal whose disk is full.
struct FullTerminal: Terminal {
    var isInteractive: Bool { false }
    var width: Int { 80 }
    var height: Int { 24 }

    func write(_ text: String) throws { throw CommandError.failed("cannot write the output: No space left on device") }
}
