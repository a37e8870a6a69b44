/// Where one transfer stands: what arrived and was not taken, what is to be sent and was not. Pure; `Transfer` guards it.
struct TransferState {
    private(set) var head: HTTPResponseHead?
    /// How it ended; `nil` while it runs.
    private(set) var outcome: Result<Void, HTTPError>?
    /// Counts every step forward, so that a watch sees whether there was one.
    private(set) var progress: UInt64 = 0

    private var arrived: [[UInt8]] = []
    private(set) var arrivedBytes = 0
    /// libcurl was told to wait before it hands over more.
    private(set) var isReceivingPaused = false

    private var outgoing: [[UInt8]] = []
    private var outgoingOffset = 0
    private(set) var outgoingBytes = 0
    /// Bytes of the body that were handed over.
    private(set) var writtenBytes = 0
    private var isUploadWhole = false
    private(set) var isSendingPaused = false

    // MARK: The network's side

    mutating func receive(head: HTTPResponseHead) {
        self.head = head
        progress += 1
    }

    /// - Returns: `false` when there is no room; libcurl then waits and brings the same bytes again.
    mutating func receive(_ bytes: UnsafeRawBufferPointer, room: Int) -> Bool {
        progress += 1
        // A piece larger than all the room there is must still pass.
        guard arrived.isEmpty || arrivedBytes + bytes.count <= room else {
            isReceivingPaused = true
            return false
        }
        arrived.append(Array(bytes))
        arrivedBytes += bytes.count
        return true
    }

    enum Outgoing { case bytes(Int), end, wait }

    /// The next bytes to send.
    mutating func send(into buffer: UnsafeMutableRawBufferPointer) -> Outgoing {
        guard let first = outgoing.first else {
            if isUploadWhole { return .end }
            isSendingPaused = true
            return .wait
        }
        progress += 1
        let count = min(buffer.count, first.count - outgoingOffset)
        first.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[outgoingOffset..<outgoingOffset + count]))
        }
        outgoingOffset += count
        outgoingBytes -= count
        if outgoingOffset == first.count {
            outgoing.removeFirst()
            outgoingOffset = 0
        }
        return .bytes(count)
    }

    /// A body in memory was sent on.
    mutating func noteSent() { progress += 1 }

    /// The first ending counts.
    mutating func end(_ result: Result<Void, HTTPError>) {
        if outcome == nil { outcome = result }
        progress += 1
    }

    // MARK: The caller's side

    enum Arrived { case bytes([UInt8]), end, nothing }

    mutating func take() throws(HTTPError) -> Arrived {
        if !arrived.isEmpty {
            let first = arrived.removeFirst()
            arrivedBytes -= first.count
            return .bytes(first)
        }
        switch outcome {
        case .success: return .end
        case .failure(let error): throw error
        case nil: return .nothing
        }
    }

    /// Whether libcurl is to go on receiving, now that bytes were taken.
    mutating func resumesReceiving(room: Int) -> Bool {
        guard isReceivingPaused, arrivedBytes <= room / 2 else { return false }
        isReceivingPaused = false
        return true
    }

    /// - Returns: whether libcurl is to go on sending.
    mutating func write(_ bytes: [UInt8]) -> Bool {
        outgoing.append(bytes)
        outgoingBytes += bytes.count
        writtenBytes += bytes.count
        return resumesSending()
    }

    /// - Returns: whether libcurl is to go on sending.
    mutating func endUpload() -> Bool {
        isUploadWhole = true
        return resumesSending()
    }

    private mutating func resumesSending() -> Bool {
        defer { isSendingPaused = false }
        return isSendingPaused
    }
}
