import Contracts
import Core
import TestKit
import Testing

@testable import DataSync

@Suite struct RetentionPlanTests {
    private func items(_ numbers: Int..., pinned: Set<Int> = []) -> [RetainedItem] {
        numbers.map {
            RetainedItem(
                reference: "r\($0)", family: "f", number: $0, created: noon.advanced(by: .seconds($0)),
                isPinned: pinned.contains($0))
        }
    }

    @Test func theLastOnesStay() {
        let five = items(1, 2, 3, 4, 5)
        #expect(RetentionPlan.releases(of: five, under: .last(2), now: noon) == ["r1", "r2", "r3"])
        #expect(RetentionPlan.releases(of: five, under: .forever, now: noon).isEmpty)
        #expect(RetentionPlan.releases(of: five, under: .last(1), floor: 2, now: noon) == ["r1", "r2", "r3"])
        #expect(RetentionPlan.releases(of: items(1, 2, 3, 4, pinned: [4, 1]), under: .last(1), now: noon) == ["r2"])
    }

    @Test func whatIsOldGoes() {
        let five = items(1, 2, 3, 4, 5)
        let now = noon.advanced(by: .seconds(13))
        #expect(RetentionPlan.releases(of: five, under: .age(.seconds(10)), now: now) == ["r1", "r2", "r3"])
        #expect(RetentionPlan.releases(of: five, under: .age(.seconds(1)), now: now) == ["r1", "r2", "r3", "r4"])
    }

    @Test func neverTheNewestAndNeverThePinned() throws {
        var random = SeededGenerator()
        for _ in 0..<5000 {
            let items = (0..<Int.random(in: 0...12, using: &random)).map { index in
                RetainedItem(
                    reference: "r\(index)", family: "f", number: Int.random(in: 1...8, using: &random),
                    created: noon.advanced(by: .seconds(Int.random(in: -1000...1000, using: &random))),
                    isPinned: Int.random(in: 0..<4, using: &random) == 0)
            }
            let rule: Retention =
                Bool.random(using: &random)
                ? .last(Int.random(in: 1...4, using: &random)) : .age(.seconds(Int.random(in: 1...500, using: &random)))
            let floor = Int.random(in: 1...3, using: &random)
            let released = Set(RetentionPlan.releases(of: items, under: rule, floor: floor, now: noon))
            let newest = Set(Set(items.map(\.number)).sorted(by: >).prefix(floor))
            for item in items where released.contains(item.reference) {
                #expect(!item.isPinned && !newest.contains(item.number))
            }
            if case .last(let count) = rule {
                let stay = Set(items.filter { !released.contains($0.reference) && !$0.isPinned }.map(\.number))
                #expect(stay.count <= max(count, floor))
            }
        }
    }
}
