/// Through which a stream handler sends its items.
public struct StreamWriter<Item: Codable & Sendable>: Sendable {
    let sink: StreamSink

    /// Sends one item as soon as the reader has granted room for it.
    /// - Throws: `BusError` when the reader is gone or the item is too large, `CancellationError` when the handler was
    ///   cancelled. Let it end the handler.
    public func send(_ item: Item, attachments: [Attachment] = []) async throws {
        let bytes = attachments.reduce(0) { $0 + $1.count }
        if sink.isLocal {
            let cost = Credit.localItemCost + bytes
            try await sink.gate.take(cost)
            sink.emit(RawReply(body: .value(item), attachments: attachments), cost)
            return
        }
        let body = try MessageBody.encode(item, subject: sink.subject, limit: sink.limits.bodyBytes)
        try sink.limits.check(attachments, subject: sink.subject)
        let cost = FrameHeader.byteCount + body.count + bytes
        try await sink.gate.take(cost)
        sink.emit(RawReply(body: .encoded(body), attachments: attachments), cost)
    }
}
