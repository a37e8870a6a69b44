import Glibc

/// One of the process's own streams.
public struct SystemTerminal: Terminal {
    let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    public static let standardOutput = SystemTerminal(descriptor: STDOUT_FILENO)
    public static let standardError = SystemTerminal(descriptor: STDERR_FILENO)

    public var isInteractive: Bool { isatty(descriptor) == 1 }
    public var width: Int { size.columns }
    public var height: Int { size.rows }

    /// Asked anew each time, because people resize their windows.
    private var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    public func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }

    /// Writes all of `bytes`, however often the system takes only some of them.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
            } else if errno != EINTR {
                throw CommandError.failed("cannot write the output: \(SystemError.text(errno))")
            }
        }
    }
}
