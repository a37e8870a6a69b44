import Synchronization

/// How many bytes a lane of a session has handed to libzmq that libzmq has not written yet.
final class FlightMeter: Sendable {
    private let bytes = Atomic<Int>(0)
    private let isAwaited = Atomic<Bool>(false)
    private let wake: WakeDescriptor

    init(wake: WakeDescriptor) { self.wake = wake }

    var current: Int { bytes.load(ordering: .acquiring) }

    func took(_ count: Int) { bytes.add(count, ordering: .acquiringAndReleasing) }

    /// On libzmq's thread: a frame was written, or its connection is gone.
    func released(_ count: Int) {
        bytes.subtract(count, ordering: .acquiringAndReleasing)
        if isAwaited.exchange(false, ordering: .acquiringAndReleasing) { wake.signal() }
    }

    /// The next release wakes the loop.
    func awaitRelease() { isAwaited.store(true, ordering: .sequentiallyConsistent) }
}

/// Keeps a frame's memory valid while libzmq has it.
final class FlightTicket {
    private let storage: AttachmentStorage
    private let meter: FlightMeter

    init(_ storage: AttachmentStorage, meter: FlightMeter) {
        self.storage = storage
        self.meter = meter
        meter.took(storage.bytes.count)
    }

    deinit { meter.released(storage.bytes.count) }
}
