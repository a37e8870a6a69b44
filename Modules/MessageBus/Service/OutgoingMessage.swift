import Contracts
import Core
import FoundationEssentials

/// A message to a peer; session and sequence are filled in when it goes.
struct OutgoingMessage {
    var header: FrameHeader
    var subject = ""
    var body = Data()
    var attachments: [Attachment] = []

    /// Bytes of all parts.
    var byteCount: Int {
        var count = FrameHeader.byteCount + subject.utf8.count + body.count
        for attachment in attachments { count += attachment.count }
        return count
    }
}

/// Messages that wait until a lane's socket has room.
struct Outbox {
    private var messages: [OutgoingMessage] = []
    private var head = 0
    private(set) var bytes = 0

    var isEmpty: Bool { head == messages.count }
    var count: Int { messages.count - head }
    var first: OutgoingMessage? { isEmpty ? nil : messages[head] }

    mutating func append(_ message: OutgoingMessage) {
        messages.append(message)
        bytes += message.byteCount
    }

    mutating func removeFirst() {
        bytes -= messages[head].byteCount
        messages[head] = OutgoingMessage(header: messages[head].header)
        head += 1
        if head == messages.count {
            messages.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= messages.count {
            messages.removeFirst(head)
            head = 0
        }
    }
}
