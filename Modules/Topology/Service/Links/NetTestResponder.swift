import Contracts
import Core
public import MessageBus

/// An edge's part in a test of its link: answers, takes bytes, and sends bytes when the core asks for it.
public enum NetTestResponder {
    /// Registers the calls. Before `Bus.run`.
    public static func register(on bus: Bus) {
        bus.handle(TopologyContract.netEcho) { (_: Inbound<Empty>) in Empty() }
        for lane in [Lane.model, .bulk] {
            bus.handle(TopologyContract.netSink(lane)) { (request: Inbound<Empty>) in
                NetSinkReply(bytes: request.attachments.reduce(0) { $0 + $1.count })
            }
            bus.handleStream(TopologyContract.netSource(lane)) { request, writer in
                try await send(request.body, to: writer)
            }
        }
    }

    private static func send(_ request: NetSourceRequest, to writer: StreamWriter<Empty>) async throws {
        guard (1...NetSourceRequest.maximumBytes).contains(request.bytes),
            (1...NetSourceRequest.maximumItemBytes).contains(request.itemBytes)
        else {
            throw TopologyError(
                "invalid",
                "a test takes 1 to \(NetSourceRequest.maximumBytes) bytes in items of at most "
                    + "\(NetSourceRequest.maximumItemBytes), not \(request.bytes) in items of \(request.itemBytes)")
        }
        let full = TestPattern.attachment(min(request.bytes, request.itemBytes))
        var left = request.bytes
        while left > 0 {
            let attachment = left >= full.count ? full : TestPattern.attachment(left)
            left -= attachment.count
            try await writer.send(Empty(), attachments: [attachment])
        }
    }
}
