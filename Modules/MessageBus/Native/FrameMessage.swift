import CZeroMQ

/// One part of a message on its way into a socket.
struct FrameMessage: ~Copyable {
    /// Frames up to this size are copied, which costs less than the bookkeeping of lending them.
    static let copyLimit = 4096

    private var message = zmq_msg_t()

    /// Room for `count` bytes, which `fill` writes.
    init?(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        let isReady = withUnsafeMutablePointer(to: &message) { message in
            guard zmq_msg_init_size(message, count) == 0 else { return false }
            fill(UnsafeMutableRawBufferPointer(start: zmq_msg_data(message), count: count))
            return true
        }
        if !isReady { return nil }
    }

    /// Lends `storage` to libzmq, which gives it back when it has written the bytes.
    private init?(lending storage: AttachmentStorage, meter: FlightMeter) {
        let ticket = Unmanaged.passRetained(FlightTicket(storage, meter: meter))
        // libzmq only reads what it sends.
        let base = UnsafeMutableRawPointer(mutating: storage.bytes.baseAddress)
        let status = zmq_msg_init_data(
            &message, base, storage.bytes.count,
            { _, ticket in if let ticket { Unmanaged<FlightTicket>.fromOpaque(ticket).release() } }, ticket.toOpaque())
        if status != 0 {
            ticket.release()
            return nil
        }
    }

    /// The part that holds `storage`: lent without a copy, unless it is small.
    static func holding(_ storage: AttachmentStorage, meter: FlightMeter) -> FrameMessage? {
        let bytes = storage.bytes
        if bytes.count > copyLimit { return FrameMessage(lending: storage, meter: meter) }
        return FrameMessage(count: bytes.count) { if bytes.count > 0 { $0.copyMemory(from: bytes) } }
    }

    /// Hands the part to `socket`.
    /// - Returns: 0, or libzmq's error number; the part is then given up.
    consuming func send(to socket: Socket, more: Bool) -> Int32 {
        while zmq_msg_send(&message, socket.pointer, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0 {
            let number = zmq_errno()
            if number == EINTR { continue }
            zmq_msg_close(&message)
            return number
        }
        return 0
    }
}
