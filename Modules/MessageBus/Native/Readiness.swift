import CZeroMQ
import Glibc

/// Waits until one of several descriptors is readable.
final class Readiness {
    private let descriptor: Int32
    private var places: [UInt64]

    /// - Parameter descriptors: told apart by their place in this list.
    /// - Throws: `BusError` `native` when the system has no descriptors left.
    init(_ descriptors: [Int32]) throws(BusError) {
        descriptor = gedge_epoll_create()
        places = [UInt64](repeating: 0, count: max(1, min(64, descriptors.count)))
        guard descriptor >= 0 else { throw Self.error() }
        for (index, watched) in descriptors.enumerated() {
            guard gedge_epoll_add(descriptor, watched, UInt64(index)) == 0 else { throw Self.error() }
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Waits, and calls `body` with the place of each readable descriptor.
    /// - Parameter milliseconds: how long at most, or -1 for ever.
    func wait(milliseconds: Int32, _ body: (Int) -> Void) {
        // A signal interrupts the wait; then nothing is readable, and the caller waits again.
        let count = gedge_epoll_wait(descriptor, &places, Int32(places.count), milliseconds)
        guard count > 0 else { return }
        for place in places.prefix(Int(count)) { body(Int(place)) }
    }

    private static func error() -> BusError {
        BusError(.native, "cannot watch sockets (errno \(Glibc.errno)); raise the limit on open files (ulimit -n)")
    }
}
