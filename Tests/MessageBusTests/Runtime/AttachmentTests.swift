import Contracts
import Core
import MessageBus
import Synchronization
import TestKit
import Testing

@Suite struct AttachmentTests {
    @Test(arguments: Route.allCases) func bytesArriveAsTheyWere(_ route: Route) async throws {
        var generator = SeededGenerator()
        let sent = [0, 1, 33, 34, 4096, 4097, 100_000, 1 << 20].map { count in
            (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        }
        try await route.with(prepare: { bus in
            bus.handle(TestContract.echo) { request in
                Outbound(Number(value: request.attachments.count), attachments: request.attachments.reversed())
            }
        }) { bus, destination in
            let reply = try await bus.call(
                TestContract.echo, Empty(), attachments: sent.map { Attachment($0) }, to: destination)
            #expect(reply.body.value == sent.count)
            #expect(reply.attachments.map(\.array) == sent.reversed())
        }
    }

    /// Memory that says when it was let go.
    private final class Memory: Sendable {
        let bytes: [UInt8]
        private let released: Gate

        init(_ count: Int, released: Gate) {
            bytes = [UInt8](repeating: 9, count: count)
            self.released = released
        }

        deinit { released.open() }
    }

    @Test(arguments: Way.allCases) func theSendersMemoryIsLentAndGivenBack(_ way: Way) async throws {
        let released = Gate()
        try await withBuses(
            way,
            prepare: { core, _ in
                core.handle(TestContract.echo) { request in
                    Number(value: request.attachments.reduce(0) { $0 + $1.count })
                }
            }
        ) { pair in
            let count = 1 << 20
            do {
                let memory = Memory(count, released: released)
                let attachment = memory.bytes.withUnsafeBytes { Attachment(owner: memory, bytes: $0) }
                let reply = try await pair.edge.call(
                    TestContract.echo, Empty(), attachments: [attachment], to: .peer(.core))
                #expect(reply.body.value == count)
            }
            try await released.wait()
        }
    }

    @Test func withinTheProcessTheMemoryIsTheSame() async throws {
        let address = Mutex(UInt(0))
        let bus = Bus(configuration: quick(.core))
        bus.handle(TestContract.echo) { request in
            address.withLock { address in
                address = request.attachments[0].withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
            }
            return Number(value: 0)
        }
        let attachment = Attachment([1, 2, 3])
        _ = try await bus.call(TestContract.echo, Empty(), attachments: [attachment])
        #expect(address.withLock { $0 } == attachment.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) })
    }

    @Test func aReceivedAttachmentOutlivesItsBus() async throws {
        let kept = Mutex<[MessageBus.Attachment]>([])
        try await withBuses(
            .tcp,
            prepare: { core, _ in
                core.handle(TestContract.echo) { request in
                    kept.withLock { $0 = request.attachments }
                    return Number(value: 0)
                }
            }
        ) { pair in
            let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0) }
            _ = try await pair.edge.call(
                TestContract.echo, Empty(), attachments: [Attachment(bytes)], to: .peer(.core))
        }
        #expect(kept.withLock { $0.first?.array } == (0..<50_000).map { UInt8(truncatingIfNeeded: $0) })
    }
}
