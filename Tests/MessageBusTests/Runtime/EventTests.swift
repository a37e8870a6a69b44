import Contracts
import Core
import MessageBus
import Synchronization
import TestKit
import Testing

@Suite struct EventTests {
    private static let unwanted = Topic<Number>("test.unwanted")

    @Test(arguments: Way.allCases) func eventsReachListenersOfBothSidesInOrder(_ way: Way) async throws {
        let coreHeard = Mutex<[Int]>([])
        let edgeHeard = Mutex<[Int]>([])
        try await withBuses(way) { core, edge in
            core.on(TestContract.changed) { event in coreHeard.withLock { $0.append(event.body.value) } }
            edge.on(TestContract.changed) { event in
                #expect(event.peer == .core)
                edgeHeard.withLock { $0.append(event.body.value) }
            }
        } _: { pair in
            for value in 0..<100 { await pair.core.publish(TestContract.changed, Number(value: value)) }
            try await eventually("both heard everything") {
                coreHeard.withLock { $0.count } == 100 && edgeHeard.withLock { $0.count } == 100
            }
            #expect(coreHeard.withLock { $0 } == Array(0..<100))
            #expect(edgeHeard.withLock { $0 } == Array(0..<100))
        }
    }

    @Test(arguments: Way.allCases) func onlyWhatAPeerListensToIsSent(_ way: Way) async throws {
        let heard = Gate()
        try await withBuses(way) { _, edge in
            edge.on(TestContract.changed) { _ in heard.open() }
        } _: { pair in
            await pair.core.publish(Self.unwanted, Number(value: 1))
            await pair.core.publish(TestContract.changed, Number(value: 2))
            try await heard.wait()
            #expect(pair.edgeMetrics.dropped("unwanted-event") == 0)
        }
    }

    @Test func aSlowListenerLosesTheNewestAndTheyAreCounted() async throws {
        let (busy, proceed) = (Gate(), Gate())
        let heard = Mutex<[Int]>([])
        let metrics = MetricsOfTest()
        let bus = Bus(configuration: quick(.core) { $0.maximumWaitingEvents = 4 }, metrics: metrics.registry)
        bus.on(TestContract.changed) { event in
            heard.withLock { $0.append(event.body.value) }
            if event.body.value == 0 {
                busy.open()
                try? await proceed.wait()
            }
        }
        try await running(bus) {
            await bus.publish(TestContract.changed, Number(value: 0))
            try await busy.wait()
            for value in 1...10 { await bus.publish(TestContract.changed, Number(value: value)) }
            proceed.open()
            try await eventually("the listener caught up") { heard.withLock { $0.count } == 5 }
            #expect(heard.withLock { $0 } == [0, 1, 2, 3, 4])
            #expect(metrics.registry.dropped("slow-listener") == 6)
        }
    }
}
