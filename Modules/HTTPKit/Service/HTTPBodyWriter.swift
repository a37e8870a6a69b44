/// Where the writer of a streamed request body puts its bytes.
public struct HTTPBodyWriter: Sendable {
    let transfer: Transfer
    let loop: CurlLoop

    /// Hands over the next bytes; returns when there is room for more.
    /// - Throws: `HTTPError` when the transfer ended, for the answer may come before the body is whole, and
    ///   `invalid-request` for more than the announced length.
    public func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        let room = transfer.configuration.sendBufferBytes
        try await transfer.wait { state -> Void? in
            switch state.outcome {
            case .failure(let error): throw error
            case .success:
                throw HTTPError(.connection, "the answer came before the body was whole")
            case nil: break
            }
            return state.outgoingBytes == 0 || state.outgoingBytes + bytes.count <= room ? () : nil
        }
        if try transfer.change({ (state) throws(HTTPError) in
            if let length, state.writtenBytes + bytes.count > length { throw wrongLength(length) }
            return state.write(bytes)
        }) {
            loop.post(.resumeSending(transfer))
        }
    }

    /// - Throws: `HTTPError` `invalid-request` for a body that is shorter than was announced.
    func finish() throws(HTTPError) {
        if try transfer.change({ (state) throws(HTTPError) in
            if let length, state.writtenBytes < length { throw wrongLength(length) }
            return state.endUpload()
        }) {
            loop.post(.resumeSending(transfer))
        }
    }

    private var length: Int? {
        if case .stream(let length, _) = transfer.request.body { length } else { nil }
    }

    private func wrongLength(_ length: Int) -> HTTPError {
        HTTPError(.invalidRequest, "\(transfer.name): the body has not the \(length) bytes that were announced")
    }
}
