import CZeroMQ
import Glibc

/// An eventfd through which any thread wakes the loop.
final class WakeDescriptor: Sendable {
    let descriptor: Int32

    /// `descriptor` is -1 when the system had none left, which `BusLoop.start` reports.
    init() { descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func signal() {
        // Fails only when the counter is full, and then the descriptor is readable anyway.
        var one: UInt64 = 1
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Waits for a signal, for so long at most.
    /// - Returns: whether there was one.
    func wait(milliseconds: Int32) -> Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, milliseconds) > 0
    }

    /// Makes the descriptor unreadable again.
    func reset() {
        // Fails only when there is nothing to reset.
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}
