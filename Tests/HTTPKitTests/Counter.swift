import Glibc
import Synchronization

/// A number that tasks count up.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .acquiring) }

    func increment() { count.add(1, ordering: .releasing) }

    /// Returns when the number is not zero and has not changed for a while.
    func settle() async {
        var last = -1
        while value == 0 || value != last {
            last = value
            // Polled, because there is no event for nothing happening.
            try? await Task.sleep(for: .milliseconds(200))
        }
    }
}

/// The memory this process has in use.
func residentBytes() -> Int {
    var bytes = [UInt8](repeating: 0, count: 256)
    let file = open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    let count = read(file, &bytes, bytes.count)
    let words = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * 4096
}
