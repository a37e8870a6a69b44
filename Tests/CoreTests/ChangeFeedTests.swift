import Core
import Testing

@Suite struct ChangeFeedTests {
    private let feed = ChangeFeed<String, Int>()

    @Test func listenersHearOnlyTheirKey() async {
        var first = feed.values(of: "a").makeAsyncIterator()
        var second = feed.values(of: "a").makeAsyncIterator()
        var other = feed.values(of: "b").makeAsyncIterator()
        feed.send(1, for: "a")
        feed.send(2, for: "b")
        #expect(await first.next() == 1)
        #expect(await second.next() == 1)
        #expect(await other.next() == 2)
    }

    @Test func aSlowListenerSkipsToTheNewest() async {
        var values = feed.values(of: "a").makeAsyncIterator()
        for value in 1...1000 { feed.send(value, for: "a") }
        #expect(await values.next() == 1000)
    }

    @Test func valuesFromBeforeAreNotHeard() async {
        feed.send(1, for: "a")
        var values = feed.values(of: "a").makeAsyncIterator()
        feed.send(2, for: "a")
        #expect(await values.next() == 2)
    }

    @Test func finishingEndsTheListenersOfAKey() async {
        var values = feed.values(of: "a").makeAsyncIterator()
        var other = feed.values(of: "b").makeAsyncIterator()
        feed.send(7, for: "a")
        feed.finish("a")
        feed.finish("nobody")
        #expect(await values.next() == 7)
        #expect(await values.next() == nil)
        feed.send(1, for: "b")
        #expect(await other.next() == 1)
        // The key can be used again.
        var again = feed.values(of: "a").makeAsyncIterator()
        feed.send(8, for: "a")
        #expect(await again.next() == 8)
    }

    @Test func aListenerThatLeavesIsForgotten() async {
        let task = Task { [feed] in for await _ in feed.values(of: "a") {} }
        task.cancel()
        await task.value
        var values = feed.values(of: "a").makeAsyncIterator()
        feed.send(3, for: "a")
        #expect(await values.next() == 3)
    }
}
