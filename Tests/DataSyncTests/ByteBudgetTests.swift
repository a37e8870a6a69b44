import Contracts
import Synchronization
import TestKit
import Testing

@testable import DataSync

@Suite struct ByteBudgetTests {
    private static func peer(_ number: Int) -> PeerID { PeerID("edge-\(number)") }

    /// Waits for what other tasks are about to do.
    private static func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }

    /// The most that was outstanding when anybody looked.
    private final class Peak: Sendable {
        private let most = Mutex(0)

        var value: Int { most.withLock { $0 } }
        func see(_ bytes: Int) { most.withLock { $0 = max($0, bytes) } }
    }

    private final class Order: Sendable {
        private let state = Mutex<[Int]>([])

        var peers: [Int] { state.withLock { $0 } }
        func append(_ peer: Int) { state.withLock { $0.append(peer) } }
    }

    /// Sixteen peers that hold on to what they get for a while: never more than the budget, and all get everything.
    @Test func sixteenSlowPeersStayWithinTheBudget() async throws {
        let budget = ByteBudget(bytes: 1000, shares: 4)
        let peak = Peak()
        let moved = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<16 {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(number))
                    var moved = 0
                    for _ in 0..<100 {
                        let bytes = Int.random(in: 1...250, using: &random)
                        let lease = try await budget.take(bytes, for: Self.peer(number % 8))
                        #expect(lease.bytes == bytes)
                        peak.see(budget.outstanding)
                        for _ in 0..<Int.random(in: 0...4, using: &random) { await Task.yield() }
                        withExtendedLifetime(lease) { moved += 1 }
                    }
                    return moved
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(moved == 1600)
        #expect((500...1000).contains(peak.value), "\(peak.value)")
        #expect(budget.outstanding == 0 && budget.waiting == 0)
    }

    /// A peer that never lets go keeps its share, and the others go on in the rest.
    @Test func aStalledPeerKeepsNoMoreThanItsShare() async throws {
        let budget = ByteBudget(bytes: 400, shares: 4)
        let stalled = try await budget.take(100, for: Self.peer(0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await budget.take(1, for: Self.peer(0)) }
            try await Self.until { budget.waiting == 1 }
            for _ in 0..<200 {
                let leases = [
                    try await budget.take(100, for: Self.peer(1)), try await budget.take(100, for: Self.peer(2)),
                    try await budget.take(100, for: Self.peer(3)),
                ]
                #expect(budget.outstanding == 400 && budget.waiting == 1)
                withExtendedLifetime(leases) {}
            }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.waitForAll() }
        }
        #expect(budget.outstanding == 100 && budget.waiting == 0)
        withExtendedLifetime(stalled) {}
    }

    /// As many stalled peers as there are shares hold everything, until it is written off; they still get no more.
    @Test func whatIsWrittenOffCountsAgainstItsPeerAlone() async throws {
        let budget = ByteBudget(bytes: 400, shares: 4)
        var stalled: [ByteBudget.Lease] = []
        for number in 0..<4 { stalled.append(try await budget.take(100, for: Self.peer(number))) }
        async let fresh = budget.take(60, for: Self.peer(9))
        try await Self.until { budget.waiting == 1 }
        budget.writeOff(takenBefore: .now - .seconds(3600))
        #expect(budget.waiting == 1)
        budget.writeOff(takenBefore: .now)
        let lease = try await fresh
        #expect(lease.bytes == 60 && budget.outstanding == 60)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await budget.take(1, for: Self.peer(0)) }
            try await Self.until { budget.waiting == 1 }
            stalled.removeAll()
            try await group.waitForAll()
        }
        #expect(budget.outstanding == 60)
        withExtendedLifetime(lease) {}
        let all = try await budget.take(340, for: Self.peer(5))
        #expect(all.bytes == 340)
    }

    @Test func theServiceWritesOffWhatStalls() async throws {
        let budget = ByteBudget(bytes: 100, shares: 1)
        let stalled = try await budget.take(100, for: Self.peer(0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await budget.writeOffStalled(after: .milliseconds(8)) }
            _ = try await budget.take(100, for: Self.peer(1))
            group.cancelAll()
        }
        withExtendedLifetime(stalled) {}
    }

    /// Whoever holds least is next, whoever came first among equals.
    @Test func whoeverHoldsLeastIsNext() async throws {
        let budget = ByteBudget(bytes: 10, shares: 1)
        let order = Order()
        var first: ByteBudget.Lease? = try await budget.take(4, for: Self.peer(0))
        let other = try await budget.take(6, for: Self.peer(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (place, peer) in [1, 0, 2, 3].enumerated() {
                group.addTask {
                    let lease = try await budget.take(4, for: Self.peer(peer))
                    order.append(peer)
                    withExtendedLifetime(lease) {}
                }
                try await Self.until { budget.waiting == place + 1 }
            }
            withExtendedLifetime(first) {}
            first = nil
            try await group.waitForAll()
        }
        #expect(order.peers == [0, 2, 3, 1])
        withExtendedLifetime(other) {}
    }

    /// A demand that is larger than everything passes alone.
    @Test func aDemandLargerThanTheBudgetPassesAlone() async throws {
        let budget = ByteBudget(bytes: 10, shares: 4)
        var small: ByteBudget.Lease? = try await budget.take(1, for: Self.peer(0))
        async let large = budget.take(50, for: Self.peer(1))
        try await Self.until { budget.waiting == 1 }
        small = nil
        #expect(try await large.bytes == 50)
        #expect(budget.outstanding == 0 || budget.outstanding == 50)
        withExtendedLifetime(small) {}
    }

    /// A daemon gives back leases for months: telling of it must not take longer each time.
    @Test func tellingOfRoomStaysAsCheapAsItWas() throws {
        let budget = ByteBudget(bytes: 1000, shares: 2)
        let told = Mutex(0)
        budget.onRoom { told.withLock { $0 += 1 } }
        let clock = ContinuousClock()
        /// The shortest of several times, so that a loaded machine does not matter.
        func shortest() -> Duration {
            (0..<5).map { _ in
                clock.measure { for _ in 0..<200 { _ = budget.takeNow(1, for: Self.peer(1)) } }
            }.min() ?? .zero
        }
        let first = shortest()
        for _ in 0..<40_000 { _ = budget.takeNow(1, for: Self.peer(1)) }
        #expect(told.withLock { $0 } == 41_000)
        let last = shortest()
        #expect(last < first * 8, "200 leases took \(first) at first and \(last) after 40,000")
    }

    /// Half of what is free, so that there is something for the next; never less than what is needed.
    @Test func ademandThatCanGrowLeavesRoom() async throws {
        let budget = ByteBudget(bytes: 1000, shares: 2)
        var leases: [ByteBudget.Lease] = []
        for number in 0..<4 { leases.append(try await budget.take(60, upTo: 400, for: Self.peer(number))) }
        #expect(leases.map(\.bytes) == [400, 300, 150, 75])
    }

    @Test(arguments: [1, 700, 1 << 10, 1 << 20, 8 << 20]) func aFetchFitsInWhatItWasGiven(_ largest: Int) {
        for total in [largest, largest * 3, largest * 100] {
            for window in [1 << 10, 4 << 20] {
                for batch in [1, 2 << 20] {
                    let demand = TransferRoom.demand(total: total, largest: largest, window: window, batch: batch)
                    #expect(demand.minimum <= demand.desired && demand.desired <= total)
                    for bytes in [demand.minimum, (demand.minimum + demand.desired) / 2, demand.desired] {
                        let room = TransferRoom(bytes: bytes, largest: largest, window: window, batch: batch)
                        let used = min(total, max(room.window, largest) + largest + 3 * room.batch)
                        #expect(room.window >= 1 && room.batch >= largest)
                        #expect(
                            used <= bytes || used == total || room.window <= 2 * (largest + 512), "\(room) in \(bytes)")
                    }
                }
            }
        }
    }
}
