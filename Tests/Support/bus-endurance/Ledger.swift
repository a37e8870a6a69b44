import Core
import Glibc
import Synchronization

/// What became of every message, in a file that all processes map: it outlives whoever is killed.
///
/// Four bytes for each message: how often it was handled; how often that had its effect; in which life of the target it did; how
/// often its answer came. Within a life a message that is handled again has its effect again, as the bus promises that it is
/// not; in a later one the ledger is the application's own record of what it did.
final class Ledger: @unchecked Sendable {
    // @unchecked: a process writes under `lock`; the last field is written by clients alone, the others by targets.
    private let bytes: UnsafeMutablePointer<UInt8>
    private let count: Int
    private let lock = Mutex(())

    /// - Parameter path: a file of four bytes for each message.
    init(_ path: String) throws {
        let file = open(path, O_RDWR)
        guard file >= 0 else { throw Failure(code: "io", message: "cannot open \(path)") }
        defer { close(file) }
        let size = Int(lseek(file, 0, SEEK_END))
        guard size > 0, let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), start != MAP_FAILED
        else { throw Failure(code: "io", message: "cannot map \(path)") }
        bytes = start.assumingMemoryBound(to: UInt8.self)
        count = size / 4
    }

    /// Handles a message, in one step that no kill divides.
    func enter(_ number: Int, life: UInt8) throws {
        guard (0..<count).contains(number) else { throw Failure(code: "no-message", message: "no message \(number)") }
        lock.withLock { _ in
            bytes[number] &+= 1
            let isFirst = bytes[count + number] == 0
            guard isFirst || bytes[2 * count + number] == life else { return }
            bytes[2 * count + number] = life
            bytes[count + number] &+= 1
        }
    }

    func noteAnswer(_ number: Int) { lock.withLock { _ in bytes[3 * count + number] &+= 1 } }

    func isAnswered(_ number: Int) -> Bool { lock.withLock { _ in bytes[3 * count + number] > 0 } }
}
