import Glibc

/// The name of a thread as `top -H` and a debugger show it.
public enum ThreadName {
    /// Names the calling thread; the kernel keeps 15 bytes. Best effort: a name only helps a person who looks.
    public static func set(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
        close(file)
    }
}
