import Glibc

/// The process's own command line, as others on the machine see it.
public enum ProcessArguments {
    /// Overwrites `secret` wherever it stands in this process's arguments, so that `ps` shows it no longer than the moment
    /// between start and this call.
    public static func hide(_ secret: String) {
        let bytes = Array(secret.utf8)
        guard !bytes.isEmpty else { return }
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index], let found = strstr(argument, secret) else { continue }
            memset(found, Int32(UInt8(ascii: "x")), bytes.count)
        }
    }
}
